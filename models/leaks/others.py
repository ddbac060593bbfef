"""What all the other columns reach together, to hold against one that tells the label alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from models.leaks.fates import Fates
from models.leaks.strength import Strength, strength

Floats = NDArray[np.float64]

ALIKE = 0.9
"""Columns whose ranks agree more than this are copies of one another, and no measure of the others."""

ENOUGH = 3_000
"""Rows that the others are fitted to."""


def ranked(values: Floats) -> Floats:
    """Return ranks from -1 to 1, NaN in the middle: what is unknown tells nothing here."""
    made = np.zeros(len(values))
    known = ~np.isnan(values)
    count = int(known.sum())
    if count:
        made[known] = 2 * (rankdata(values[known]) - 0.5) / count - 1
    return made


def reached_by_others(column: str, values: Floats, columns: Mapping[str, Floats], fates: Fates) -> Strength:
    """Return how well all `columns` but `column` and its copies tell label 1 from label 0 together.

    A linear discriminant of ranks, fitted to one half of the accounts and judged on the other, both ways round.
    """
    thin = np.arange(0, len(fates.rows), -(-len(fates.rows) // ENOUGH))
    own = ranked(values[thin])
    kept = []
    for name, each in columns.items():
        ranks = ranked(each[thin])
        spread = ranks.std() * own.std()
        if (
            name != column
            and ranks.std() > 0
            and abs(np.mean(ranks * own) - ranks.mean() * own.mean()) < ALIKE * spread
        ):
            kept.append(ranks)
    if not kept:
        return Strength(0.5, 0.0, 0, 0)
    matrix, label, half = np.column_stack(kept), fates.now[thin].astype(float), fates.account[thin] % 2
    told = np.zeros(len(thin))
    for side in (0, 1):
        fit = half != side
        centred = matrix[fit] - matrix[fit].mean(axis=0)
        square = centred.T @ centred / max(1, fit.sum()) + 0.1 * np.eye(matrix.shape[1]) / 3
        weights = np.linalg.solve(square, centred.T @ (label[fit] - label[fit].mean()) / max(1, fit.sum()))
        told[half == side] = matrix[half == side] @ weights
    # The halves' scales differ, so their rows are compared with their own only.
    return strength(
        told, fates.now[thin], ~fates.now[thin], 2 * fates.as_of[thin] + half, fates.account[thin], directed=True
    )
