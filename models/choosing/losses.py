"""What a margin loses per row once it is calibrated: what tuning makes small."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.calibrate import fit_platt

Floats = NDArray[np.float64]


def halves(accounts: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return each row's account as a number from 0, and whether it is of the first half of the accounts.

    Every other account in the order of their ids: the same halves whatever the order of the rows.
    """
    _, row = np.unique(accounts.astype(str), return_inverse=True)
    return row, row % 2 == 0


def row_losses(
    margin: Floats, label: NDArray[np.int8], half: NDArray[np.bool_], weight: Floats | None = None
) -> Floats:
    """Return each row's squared error of the probability after calibration, by halves of accounts for each other.

    The Brier score is proper as log-loss is, and bounded: a few confident misses do not drown the difference between
    two models, so that fewer rows tell them apart. A margin that knows nothing earns nothing this way; calibrated on
    its own rows it would always seem to gain. `half` is True for rows of one half of the accounts; where a half has one
    class only, all rows calibrate all.
    """
    losses = np.empty(len(label))
    parts = [half, ~half]
    if any(len(np.unique(label[part])) < 2 for part in parts):
        parts = [np.ones(len(label), dtype=bool)]
    for part in parts:
        fitted_on = ~part if len(parts) > 1 else part
        map_ = fit_platt(margin[fitted_on], label[fitted_on], None if weight is None else weight[fitted_on])
        losses[part] = (map_.probability(margin[part]) - label[part]) ** 2
    return losses
