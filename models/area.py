"""The AUC of rows that belong to accounts, with an interval that holds for few of them: no resampling, one sort.

Obuchowski (1997), "Nonparametric analysis of clustered ROC curve data", Biometrics 53, 567-578: the placements of
DeLong, DeLong and Clarke-Pearson (1988), summed within an account, so that an account at several dates counts as one
witness. The interval is symmetric on the log-odds scale (Pepe 2003, section 5.2.4), with Student's t on as many degrees
as the rarer outcome has accounts, less one. Where every pair is ordered the same way placements do not vary; then, and
with a handful of witnesses, the interval of Newcombe (2006), method 5, on accounts is taken if it is wider.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit
from scipy.stats import norm, t

from models.bootstrap import Floats, Interval

LEVEL = 0.95


@dataclass(frozen=True)
class Area:
    """An AUC and what its interval rests on."""

    value: float
    error: float
    """Standard error, with accounts as witnesses."""
    accounts: tuple[int, int]
    """Accounts with a row of label 0, and with one of label 1, of those that could be compared."""
    parts: Floats
    """What each account, in the order of its id, adds to the AUC's deviation from its expectation; they sum to 0."""

    def interval(self, level: float = LEVEL) -> Interval:
        """Return the AUC with its two-sided interval of this level; of a single witness, from 0 to 1."""
        if min(self.accounts) < 2:
            return Interval(self.value, 0.0, 1.0)
        low, high = self._newcombe(level)
        if 0 < self.value < 1 and self.error > 0:
            reach = t.ppf((1 + level) / 2, min(self.accounts) - 1) * self.error / (self.value * (1 - self.value))
            middle = logit(self.value)
            ends = float(expit(middle - reach)), float(expit(middle + reach))
            low, high = (min(low, ends[0]), max(high, ends[1])) if min(self.accounts) < FEW else ends
        return Interval(self.value, low, high)

    def minus(self, other: Area, level: float = LEVEL) -> Interval:
        """Return how much larger this AUC is than another's of the same rows, with its interval, paired by account."""
        value = self.value - other.value
        if min(self.accounts) < 2:
            return Interval(value, -1.0, 1.0)
        reach = float(t.ppf((1 + level) / 2, min(self.accounts) - 1)) * self.error_against(other)
        return Interval(value, max(-1.0, value - reach), min(1.0, value + reach))

    def error_against(self, other: Area) -> float:
        """Return the standard error of this AUC less another's of the same rows, paired by account."""
        return _error(self.parts - other.parts, self.accounts)

    def _newcombe(self, level: float) -> tuple[float, float]:
        z = float(norm.ppf((1 + level) / 2))

        def distance(theta: float) -> float:
            return abs(self.value - theta) - z * float(np.sqrt(variance(theta, *self.accounts)))

        # At 0 and 1 themselves the variance is 0 as well, which is no end of an interval.
        low = 0.0 if self.value == 0 else float(brentq(distance, 0.0, min(self.value, 1 - 1e-9)))
        high = 1.0 if self.value == 1 else float(brentq(distance, max(self.value, 1e-9), 1.0))
        return low, high


FEW = 10
"""Accounts of the rarer outcome below which placements vary too little to be believed alone."""


def variance(area: float, others: int, positives: int) -> float:
    """Return the variance of an AUC of so many independent rows of either label.

    Hanley and McNeil (1982), with both counts in the middle terms replaced by their mean, as Newcombe (2006),
    "Confidence intervals for an effect size measure based on the Mann-Whitney statistic", Statistics in Medicine 25.
    """
    mean = (others + positives) / 2 - 1
    spread = 1 + mean * (1 - area) / (2 - area) + mean * area / (1 + area)
    return area * (1 - area) * spread / (others * positives)


def area(label: Floats, score: Floats, account: NDArray[Any], stratum: NDArray[Any] | None = None) -> Area | None:
    """Return the AUC of rows by their score, a tie counting one half; None with one class only.

    `label` is 0 or 1, `account` says whose each row is, all of shape (rows,). With a `stratum` per row only rows of the
    same one are compared: rows scored by models that had not seen the same accounts, whose levels differ by chance.
    """
    label = np.asarray(label, np.float64)
    part = np.zeros(len(label), np.intp) if stratum is None else np.unique(stratum, return_inverse=True)[1]
    _, who = np.unique(account, return_inverse=True)
    below, among = _placed(label, np.asarray(score, np.float64), part)
    positives = label > 0
    pairs = float(among[positives].sum())
    if pairs == 0:
        return None
    value = float(below[positives].sum()) / pairs
    # A row's part in the sum of its pairs, less what it would be at the AUC itself: each pair stands with both.
    influence = np.bincount(who, weights=below - value * among) / pairs
    judged = among > 0
    others, positive = (len(np.unique(who[judged & (positives == which)])) for which in (False, True))
    return Area(value, _error(influence, (others, positive)), (others, positive), influence)


def _error(parts: Floats, accounts: tuple[int, int]) -> float:
    fewest = min(accounts)
    correction = fewest / (fewest - 1) if fewest > 1 else 1.0
    return float(np.sqrt(correction * (parts**2).sum()))


def _placed(label: Floats, score: Floats, part: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Return, per row, how many rows of the other label in its part it is on the right side of, and how many there are.

    A positive row is on the right side of the others below it, another of the positives above it.
    """
    order = np.lexsort((score, part))
    label, score, part = label[order], score[order], part[order]
    first = np.r_[True, np.diff(part) != 0]
    tied = np.r_[True, first[1:] | (np.diff(score) != 0)]
    starts, group = np.flatnonzero(first), np.cumsum(first) - 1
    ties, tie = np.flatnonzero(tied), np.cumsum(tied) - 1
    both = np.stack([1 - label, label])
    through = np.cumsum(both, axis=1)
    within = np.add.reduceat(both, starts, axis=1)[:, group]
    equal = np.add.reduceat(both, ties, axis=1)[:, tie]
    ends = np.r_[ties[1:], len(label)] - 1
    upto = through[:, ends][:, tie] - (through[:, starts] - both[:, starts])[:, group]
    below = upto[0] - equal[0] / 2
    above = within[1] - upto[1] + equal[1] / 2
    placed, among = np.empty(len(label)), np.empty(len(label))
    placed[order] = np.where(label > 0, below, above)
    among[order] = np.where(label > 0, within[0], within[1])
    return placed, among
