"""How much too wide or too narrow log-odds are spread: the slope of a logistic regression on them, with its error."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEPS = 25
WIDEST = 1.0
"""The error of a slope that the rows do not determine."""


def recalibrated(margin: Floats, label: Floats, account: NDArray[np.intp]) -> tuple[float, float]:
    """Return the slope b of P(label) = 1 / (1 + exp(-(a + b margin))), by Newton's method, and its standard error.

    The error takes an account's rows together (Liang and Zeger 1986). (1, WIDEST) where the rows do not determine it.
    """
    design = np.column_stack([np.ones(len(margin)), margin - margin.mean()])
    if design[:, 1].std() < 1e-6 or not 0 < label.sum() < len(label):
        return 1.0, WIDEST
    found = np.array([margin.mean(), 1.0])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-design @ found))
        curvature = design.T @ (design * (p * (1 - p))[:, None])
        if np.linalg.cond(curvature) > 1e12:
            return 1.0, WIDEST
        step = np.linalg.solve(curvature, design.T @ (label - p))
        found = found + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-9:
            break
    score = design * (label - p)[:, None]
    by_account = np.column_stack([np.bincount(account, score[:, each]) for each in (0, 1)])
    inverse = np.linalg.inv(curvature)
    variance = inverse @ (by_account.T @ by_account) @ inverse
    return float(found[1]), float(min(WIDEST, np.sqrt(variance[1, 1])))
