"""How well one column alone tells two groups of rows apart: AUC within each as_of, with the error of its accounts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Positions = NDArray[np.intp]


@dataclass(frozen=True)
class Strength:
    """An AUC of at least .5 whichever way the column points, its standard error, and how many accounts stand behind.

    `accounts` counts those of the rarer group.
    """

    auc: float
    error: float
    accounts: int
    rows: int

    def low(self, z: float) -> float:
        """Return the lower end of the interval of z standard errors.

        The error of a perfect AUC is 0, whatever the number of accounts; the score bound of Wilson (1927) for as many
        successes as there are accounts is therefore never exceeded.
        """
        n = self.accounts
        if not n:
            return 0.0
        centre = self.auc + z * z / (2 * n)
        spread = z * np.sqrt(self.auc * (1 - self.auc) / n + z * z / (4 * n * n))
        return float(min(self.auc - z * self.error, (centre - spread) / (1 + z * z / n)))

    def high(self, z: float) -> float:
        return float(min(1.0, self.auc + z * self.error))


NOTHING = Strength(0.5, 0.0, 0, 0)


def promising(values: Floats, groups: list[tuple[Flags, Flags]], at_least: float) -> list[bool]:
    """Return for each pair of groups whether `values` may tell them apart with an AUC of `at_least` within an as_of.

    The AUC over all as_ofs at once, which takes one sort for all groups, with some room for what time alone changes.
    """
    kept = np.flatnonzero(~np.isnan(values))
    if not len(kept):
        return [False] * len(groups)
    order = kept[np.argsort(values[kept], kind="stable")]
    starts = np.flatnonzero(np.diff(values[order], prepend=np.nan) != 0)
    found = []
    for positive, negative in groups:
        up = np.add.reduceat(positive[order], starts, dtype=float)
        down = np.add.reduceat(negative[order], starts, dtype=float)
        pairs = up.sum() * down.sum()
        auc = 0.5 if pairs == 0 else float((up * (np.cumsum(down) - down / 2)).sum() / pairs)
        found.append(max(auc, 1 - auc) >= at_least - ROOM)
    return found


ROOM = 0.1
"""How far the AUC over all as_ofs may lie below that within each."""


def strength(
    values: Floats, positive: Flags, negative: Flags, as_of: Positions, account: Positions, *, directed: bool = False
) -> Strength:
    """Return how well `values` tell `positive` from `negative` rows of the same as_of; NaN is left out.

    Pairs of rows are compared within an as_of only, so that what changes for everybody with time tells nothing. The
    standard error is that of a U-statistic (DeLong et al. 1988) with an account's rows taken together. `directed`
    keeps an AUC below .5 as it is: of values that were coded to point upwards.
    """
    kept = np.flatnonzero((positive | negative) & ~np.isnan(values))
    if not len(kept):
        return NOTHING
    order = kept[np.lexsort((values[kept], as_of[kept]))]
    day, value, up = as_of[order], values[order], positive[order].astype(float)
    down = 1.0 - up
    new_day = np.flatnonzero(np.diff(day, prepend=-1))
    length = np.diff(np.append(new_day, len(order)))
    ups, downs = np.repeat(np.add.reduceat(up, new_day), length), np.repeat(np.add.reduceat(down, new_day), length)
    pairs = float((up * downs).sum())
    if pairs == 0:
        return NOTHING
    new_value = np.flatnonzero((np.diff(value, prepend=np.nan) != 0) | (np.diff(day, prepend=-1) != 0))
    tied = np.diff(np.append(new_value, len(order)))
    down_below, up_above = _below(down, new_day, length, new_value, tied), _below(up, new_day, length, new_value, tied)
    up_above = ups - up_above
    auc = float((up * down_below).sum() / pairs)
    own = up * (down_below - auc * downs) + down * (up_above - auc * ups)
    error = float(np.sqrt((np.bincount(account[order], own) ** 2).sum()) / pairs)
    many = min(len(np.unique(account[order][up == flag])) for flag in (0, 1))
    if auc < 0.5 and not directed:
        auc = 1 - auc
    return Strength(auc, error, many, len(order))


def _below(counted: Floats, new_day: Positions, length: Positions, new_value: Positions, tied: Positions) -> Floats:
    """Return per row how many of its day are counted at lower values, those at the same value by half."""
    passed = np.cumsum(counted)
    before_day = np.repeat(passed[new_day] - counted[new_day], length)
    group = np.add.reduceat(counted, new_value)
    before = passed[new_value] - counted[new_value]
    return np.repeat(before + group / 2, tied) - before_day
