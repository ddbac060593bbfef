"""A fixed attribute that follows what an account's totals came to later, beyond what was known of it at first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.leaks.fates import Fates
from models.leaks.others import ranked

Floats = NDArray[np.float64]

FEWEST = 40
"""Accounts seen at a first and at a later as_of, without which no total is compared."""

CLOSE = 0.8
"""Rank correlation with a later total from which an attribute can pass for it."""

BEYOND = 0.5
"""Partial rank correlation with a later total, given all that was known at first, that only the future explains."""


SURELY = 0.2
"""What the lower end of the partial correlation's interval must exceed."""


@dataclass(frozen=True)
class Follows:
    """The total that an attribute follows: its rank correlation at the first and the last as_of, and the partial one.

    `low` is the lower end of the partial correlation's interval.
    """

    total: str
    first: float
    last: float
    partial: float
    low: float


def follows(
    values: Floats, totals: Mapping[str, Floats], known: Mapping[str, Floats], fates: Fates, z: float
) -> Follows | None:
    """Return the total that the attribute `values` follows into the future; None where it follows none.

    One observation per account: `totals` (all-history sums and counts) at its last as_of beside those and everything
    else in `known` at its first. What was fixed at first, an account's size, may foretell the pace at which its total
    grows, but not for how long it will go on: given all that and the pace, a later total says how long. An attribute
    that still agrees with it was written when that was known.
    """
    first, last = np.flatnonzero(fates.first), np.flatnonzero(fates.last)
    first, last = first[np.argsort(fates.account[first])], last[np.argsort(fates.account[last])]
    later = (fates.as_of[last] > fates.as_of[first]) & ~np.isnan(values[first]) & (values[first] == values[last])
    first, last = first[later], last[later]
    if len(first) < FEWEST or len(np.unique(values[first])) < 3:
        return None
    own = ranked(values[first])
    later_totals = {name: ranked(total[last]) for name, total in totals.items()}
    close = {name: ranks for name, ranks in later_totals.items() if _correlation(own, ranks) >= CLOSE}
    if not close:
        return None
    between = (fates.as_of[last] - fates.as_of[first]).astype(float)
    knew = [ranked(total[first]) for total in totals.values()] + [ranked(fates.as_of[first].astype(float))]
    knew += _closest(own, [ranked(each[first]) for each in known.values()], max(1, len(first) // 10))
    best = None
    for name, at_last in close.items():
        before, after = _correlation(own, ranked(totals[name][first])), _correlation(own, at_last)
        if after < before:
            continue
        pace = ranked((totals[name][last] - totals[name][first]) / between)
        partial = _correlation(*_beyond([own, at_last], [*knew, pace]))
        low = np.tanh(np.arctanh(min(partial, 0.999999)) - z / np.sqrt(len(first) - 3))
        found = Follows(name, before, after, partial, float(low))
        if best is None or partial > best.partial:
            best = found
    return best if best is not None and best.partial >= BEYOND and best.low > SURELY else None


def _beyond(parts: list[Floats], known: list[Floats]) -> list[Floats]:
    """Return what `known`, its squares and its products with the last leave unexplained of each part."""
    bent = [part**2 for part in known] + [part * known[-1] for part in known[:-1]]
    basis = np.column_stack([np.ones(len(parts[0])), *known, *bent])
    square = basis.T @ basis + 1e-3 * len(basis) * np.eye(basis.shape[1])
    return [part - basis @ np.linalg.solve(square, basis.T @ part) for part in parts]


def _closest(own: Floats, candidates: list[Floats], most: int) -> list[Floats]:
    order = sorted(range(len(candidates)), key=lambda number: -abs(_correlation(own, candidates[number])))
    return [candidates[number] for number in order[: min(most, 20)]]


def _correlation(a: Floats, b: Floats) -> float:
    spread = a.std() * b.std()
    return 0.0 if spread == 0 else float((np.mean(a * b) - a.mean() * b.mean()) / spread)
