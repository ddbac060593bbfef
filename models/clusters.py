"""How much rows of the same accounts tell of a rate: as much as fewer rows of accounts that stand once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t


def effective_rows(label: NDArray[Any], accounts: NDArray[Any]) -> float:
    """Return how many independent rows would tell the rate of label 1 as surely as these; 0 without rows.

    Kish (1965), "Survey Sampling": rows over the design effect, which is the variance of the rate with accounts as
    clusters (linearised) over that of independent rows, here never below 1. Korn and Graubard (1998), "Confidence
    intervals for proportions with small expected number of positive counts estimated from survey data", Survey
    Methodology 24: fewer still where few accounts tell the variance, by Student's t over the normal quantile. Where all
    labels are equal the variance tells nothing, and each account counts once.
    """
    rows = len(label)
    ids, who = np.unique(accounts, return_inverse=True)
    if len(ids) < 2:
        return float(len(ids))
    rate = float(np.mean(label))
    if rate in (0.0, 1.0):
        return float(len(ids))
    apart = np.bincount(who, weights=np.asarray(label, float) - rate)
    clustered = len(ids) / (len(ids) - 1) * float(apart @ apart) / rows**2
    plain = rate * (1 - rate) / rows
    sureness = float(norm.ppf(0.975) / t.ppf(0.975, len(ids) - 1)) ** 2
    return rows * (1.0 if clustered <= plain else plain / clustered) * sureness
