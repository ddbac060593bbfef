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
    else in `known` at its first. An attribute fixed before the first as_of can agree with later totals only as far as
    what was known at first agrees with both; a sum over the whole table agrees with the later total whatever was known.
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
    knew = [ranked(total[first]) for total in totals.values()]
    knew += _closest(own, [ranked(each[first]) for each in known.values()], max(1, len(first) // 10))
    basis = np.column_stack([np.ones(len(first)), *knew, *(part**2 for part in knew)])
    inverse = np.linalg.inv(basis.T @ basis + 1e-3 * len(first) * np.eye(basis.shape[1]))
    best = None
    for name, at_last in close.items():
        before, after = _correlation(own, ranked(totals[name][first])), _correlation(own, at_last)
        if after < before:
            continue
        partial = _correlation(*(part - basis @ (inverse @ (basis.T @ part)) for part in (own, at_last)))
        low = np.tanh(np.arctanh(min(partial, 0.999999)) - z / np.sqrt(len(first) - 3))
        found = Follows(name, before, after, partial, float(low))
        if best is None or partial > best.partial:
            best = found
    return best if best is not None and best.partial >= BEYOND and best.low > SURELY else None


def _closest(own: Floats, candidates: list[Floats], most: int) -> list[Floats]:
    order = sorted(range(len(candidates)), key=lambda number: -abs(_correlation(own, candidates[number])))
    return [candidates[number] for number in order[: min(most, 20)]]


def _correlation(a: Floats, b: Floats) -> float:
    spread = a.std() * b.std()
    return 0.0 if spread == 0 else float((np.mean(a * b) - a.mean() * b.mean()) / spread)
