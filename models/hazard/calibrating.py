"""How far hazards can be believed: the shape of their curves and each step's rate, as later dates bear them out.

Platt (1999) for several steps at once: one logistic regression on person-periods of later dates, of the level of a row,
of the shape of its curve, and of the step. What it finds of the level is not used: the main model tells it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from models.blas import one_thread
from models.hazard.periods import Step, Times
from pipeline.asof import LabelWindow

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Departures = Callable[[Sequence[tuple[Step, Flags]], Flags], list[Floats]]
"""Learns steps from each one's earlier rows alone; returns per step how far later rows depart from the mean row."""

FEWEST_LATER = 50
"""Person-periods of either outcome on later dates without which a step is not calibrated."""

FEWEST_DATES = 2
"""Earlier and later dates without which nothing is: one date's peculiarity would pass for a rule."""

UNPROVEN = 0.5
"""What the shape of a curve counts where no later dates tell: it is told by less than the level is, so half."""


@dataclass(frozen=True)
class Borne:
    """What is left of the shape, and what is added to each step's log-odds."""

    shape: float
    offsets: tuple[float, ...]
    rows: int = 0
    steps: tuple[int, ...] = field(default=())
    """Ends of the steps that later dates told of; others have the others' mean offset."""
    note: str = ""

    def plain(self) -> dict[str, Any]:
        """Return it as the manifest holds it."""
        return {
            "shape": self.shape,
            "offsets": list(self.offsets),
            "rows": self.rows,
            "steps": list(self.steps),
            "note": self.note,
        }


def calibrate(
    times: Times,
    as_of: NDArray[np.datetime64],
    weight: Floats,
    steps: Sequence[Step],
    own: int,
    window: LabelWindow,
    typical: Sequence[float],
    departures: Departures,
) -> Borne:
    """Return how far the hazards of `steps` are borne out by dates later than those they are then learnt from.

    The later dates are the second half; a step is learnt from dates whose own end had settled by the first of them.
    Steps up to `own` have to be told of, all of them, else nothing is calibrated. `typical` are the log-odds of the
    mean row as learnt from all dates: what an offset is added to.
    """
    dates = np.unique(as_of)
    told: list[tuple[Step, Flags]] = []
    asked: list[Flags] = []
    later = as_of >= dates[len(dates) // 2]
    for step in steps:
        apart = np.timedelta64(timedelta(days=window.gap + step.end + window.settle_days))
        earlier = times.at_risk(step) & (as_of + apart <= dates[len(dates) // 2])
        judged = times.at_risk(step) & later
        if not all(_enough(times.event[rows] < step.end, as_of[rows]) for rows in (earlier, judged)):
            break
        told.append((step, earlier))
        asked.append(judged[later])
    if len(told) <= own:
        return Borne(UNPROVEN, (0.0,) * len(steps), note="too few later dates to tell")
    values = departures(told, later)
    ends = [step.end for step, _ in told]
    shape, found, rows = _fitted(values, asked, times.event[later], weight[later], ends, own)
    offsets = found - np.asarray(typical)[: len(told)]
    offsets = [*offsets, *[float(np.mean(offsets))] * (len(steps) - len(told))]
    return Borne(shape, tuple(float(each) for each in offsets), rows, tuple(ends))


def _fitted(
    values: Sequence[Floats], asked: Sequence[Flags], event: Floats, weight: Floats, ends: Sequence[int], own: int
) -> tuple[float, Floats, int]:
    """Return what the shape counts, the mean row's log-odds in each step, and the person-periods these are from."""
    level = np.mean(values[: own + 1], axis=0)
    blocks, happened, weights = [], [], []
    for number, (each, rows, end) in enumerate(zip(values, asked, ends, strict=True)):
        block = np.zeros((int(rows.sum()), 2 + len(ends)))
        block[:, 0], block[:, 1] = level[rows], (each - level)[rows]
        block[:, 2 + number] = 1.0
        blocks.append(block)
        happened.append(event[rows] < end)
        weights.append(weight[rows])
    design = np.concatenate(blocks)
    # A trace of a penalty, which keeps slopes finite where the margins separate the labels.
    model = LogisticRegression(C=1e3, solver="newton-cholesky", max_iter=200, fit_intercept=False)
    with one_thread():
        model.fit(design, np.concatenate(happened), sample_weight=np.concatenate(weights))
    return float(np.clip(model.coef_[0][1], 0.0, 1.0)), model.coef_[0][2:], len(design)


def _enough(happened: Flags, as_of: NDArray[np.datetime64]) -> bool:
    events = int(happened.sum())
    return min(events, len(happened) - events) >= FEWEST_LATER and len(np.unique(as_of)) >= FEWEST_DATES
