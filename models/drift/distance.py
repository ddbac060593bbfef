"""How far apart two distributions over the same bins lie: the population stability index, and what chance makes of it.

PSI = sum of (p - q) ln(p / q). Between two samples of one population of n and m rows it is distributed about as
(1/n + 1/m) times chi-square with bins - 1 degrees of freedom (Yurdakul and Naranjo 2020, Statistical properties of the
population stability index, Journal of Risk Model Validation 14(4)), so that the usual limits of .1 and .25 say little
of a book of 200 accounts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

Floats = NDArray[np.float64]

PRIOR = 0.5
"""Rows added to each bin, so that an empty one keeps the index finite."""


def shares(counts: NDArray[np.number]) -> Floats:
    """Return the share of each bin along the last axis, none of them 0."""
    padded = np.asarray(counts, float) + PRIOR
    return padded / padded.sum(axis=-1, keepdims=True)


def stability_index(p: Floats, q: Floats) -> Floats:
    """Return the PSI of shares along the last axis, which `shares` gives; the others are matched as numpy does."""
    return ((p - q) * (np.log(p) - np.log(q))).sum(axis=-1)


def by_chance(n: Floats | float, m: Floats | float, bins: int, alpha: float) -> Floats:
    """Return the PSI that two samples of one population exceed with probability `alpha`.

    Rows with few accounts behind a bin make the tail heavier than chi-square's; half a row was added to each bin
    (PRIOR), which makes it lighter again.
    """
    limit = float(chdtri(max(1, bins - 1), alpha))
    return np.asarray((1.0 / np.asarray(n, float) + 1.0 / np.asarray(m, float)) * limit)
