"""How far hazards can be believed: their level, their shape and each step's rate, as later dates bear them out.

Platt (1999) for several steps at once: one logistic regression on person-periods of later dates, of the level of a row,
of the shape of its curve, and of the step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from models.hazard.periods import Step, Times
from pipeline.asof import LabelWindow

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Departures = Callable[[Step, Flags, Flags], tuple[Floats, float]]
"""Learns a step from earlier rows; returns how far later ones depart from the mean earlier row, and its log-odds."""

FEWEST_LATER = 50
"""Person-periods of either outcome on later dates without which a step is not calibrated."""

FEWEST_DATES = 2
"""Earlier and later dates without which nothing is: one date's peculiarity would pass for a rule."""

UNPROVEN = 0.5
"""What the shape of a curve counts where no later dates tell: it is told by less than the level is, so half."""


@dataclass(frozen=True)
class Borne:
    """What is left of level and shape, and what is added to each step's log-odds."""

    level: float
    shape: float
    offsets: tuple[float, ...]
    rows: int = 0
    steps: tuple[int, ...] = field(default=())
    """Ends of the steps that later dates told of; others have the others' mean offset."""
    note: str = ""

    def plain(self) -> dict[str, Any]:
        """Return it as the manifest holds it."""
        return {
            "level": self.level,
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
    departures: Departures,
) -> Borne:
    """Return how far the hazards of `steps` are borne out by dates later than those they are then learnt from.

    The later dates are the second half; a step is learnt from dates whose own end had settled by the first of them.
    Steps up to `own` make the level, so all of them must be told of, else nothing is calibrated.
    """
    dates = np.unique(as_of)
    told: list[tuple[int, Flags, Floats, float]] = []
    later = as_of >= dates[len(dates) // 2]
    for number, step in enumerate(steps):
        apart = np.timedelta64(timedelta(days=window.gap + step.end + window.settle_days))
        earlier = times.at_risk(step) & (as_of + apart <= dates[len(dates) // 2])
        asked = times.at_risk(step) & later
        enough = all(_enough(times.event[rows] < step.end, as_of[rows]) for rows in (earlier, asked))
        if not enough:
            break
        values, typical = departures(step, earlier, later)
        told.append((number, asked[later], values, typical))
    if len(told) <= own:
        return Borne(1.0, UNPROVEN, (0.0,) * len(steps), note="too few later dates to tell")
    return _fitted(told, times.event[later], weight[later], steps, own)


def _fitted(
    told: Sequence[tuple[int, Flags, Floats, float]], event: Floats, weight: Floats, steps: Sequence[Step], own: int
) -> Borne:
    level = np.mean([values for number, _, values, _ in told if number <= own], axis=0)
    blocks, happened, weights = [], [], []
    for number, asked, values, _ in told:
        block = np.zeros((int(asked.sum()), 2 + len(told)))
        block[:, 0], block[:, 1] = level[asked], (values - level)[asked]
        block[:, 2 + number] = 1.0
        blocks.append(block)
        happened.append(event[asked] < steps[number].end)
        weights.append(weight[asked])
    design = np.concatenate(blocks)
    # A trace of a penalty, which keeps slopes finite where the margins separate the labels.
    model = LogisticRegression(C=1e3, solver="newton-cholesky", max_iter=200, fit_intercept=False)
    model.fit(design, np.concatenate(happened), sample_weight=np.concatenate(weights))
    offsets = model.coef_[0][2:] - [typical for _, _, _, typical in told]
    offsets = [*offsets, *[float(np.mean(offsets))] * (len(steps) - len(told))]
    return Borne(
        float(np.clip(model.coef_[0][0], 0.0, 2.0)),
        float(np.clip(model.coef_[0][1], 0.0, 1.0)),
        tuple(float(each) for each in offsets),
        len(design),
        tuple(step.end for step in steps[: len(told)]),
    )


def _enough(happened: Flags, as_of: NDArray[np.datetime64]) -> bool:
    events = int(happened.sum())
    return min(events, len(happened) - events) >= FEWEST_LATER and len(np.unique(as_of)) >= FEWEST_DATES
