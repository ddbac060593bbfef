"""Fits a hazard per step by regularised logistic regression on person-periods, and calibrates them on later dates."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from features.spec import Feature
from models.dataset import Dataset
from models.encoding import encode
from models.hazard.calibrating import calibrate
from models.hazard.curve import FILE
from models.hazard.maps import Columns
from models.hazard.periods import Step, Times, choose_steps
from models.linear import SPREAD, terms_for
from models.manifest import FittedModel
from models.targets import Target
from pipeline.settings import Settings

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ROWS = 30_000
"""Rows that hazards are learnt from; of more, those with and those without an event are thinned to half each."""

COLUMNS = 64
"""Columns that hazards look at: those that tell most of any step."""


@dataclass(frozen=True)
class Hazards:
    """What a model folder gains: the manifest's entry `horizons` and the files it names."""

    entry: dict[str, Any]
    files: dict[str, bytes]

    def beside(self, model: FittedModel) -> FittedModel:
        """Return the model with its curves; what it says of the target's own horizon stays as it is."""
        return FittedModel.of({**model.manifest, "horizons": self.entry}, {**model.files, **self.files}, model.threads)


def with_horizons(
    model: FittedModel, data: Dataset, target: Target, features: Sequence[Feature], settings: Settings
) -> FittedModel:
    """Return the model with curves learnt from the rows it was trained on; as it is where `fit_hazards` has none."""
    hazards = fit_hazards(data, target, features, settings)
    return model if hazards is None else hazards.beside(model)


def fit_hazards(data: Dataset, target: Target, features: Sequence[Feature], settings: Settings) -> Hazards | None:
    """Return hazards for the target's horizons, as far as the rows reach; None where it asks for none, or too few
    rows have either label.

    A row whose window for a horizon is not yet closed tells of the steps that were seen, and of no others; a
    person-period is used once the step's own end and the days to settle are known. Equal inputs give equal bytes.
    """
    if not target.horizons:
        return None
    times = Times.of(data.rows, target.window.gap)
    chosen = choose_steps(times, target, settings.training.min_positives)
    if chosen is None:
        return None
    steps = chosen.steps
    own = [step.end for step in steps].index(target.window.horizon)
    learning = _Learning.of(data, times, features, steps)
    fitted = [learning.fit(step) for step in steps]
    coefficients = np.array([each[0] for each in fitted])
    # A step's departures are counted from the mean row's.
    means = learning.weight @ learning.columns.values / learning.weight.sum()
    typical = np.array([each[1] for each in fitted]) + coefficients @ means
    borne = calibrate(learning.times, learning.as_of, learning.weight, steps, own, target.window, learning.departures)
    content = {
        "typical": typical.tolist(),
        "intercepts": (-coefficients @ means).tolist(),
        "terms": learning.columns.written(coefficients),
    }
    entry = {
        "file": FILE,
        "gap": target.window.gap,
        "own": target.window.horizon,
        "ends": [step.end for step in steps],
        "horizons": list(chosen.horizons),
        "left_out": {str(horizon): why for horizon, why in sorted(chosen.left_out.items())},
        "calibration": borne.plain(),
        "periods": [
            {"rows": int(times.at_risk(step).sum()), "events": int(times.happened(step).sum())} for step in steps
        ],
    }
    return Hazards(entry, {FILE: (json.dumps(content, sort_keys=True, allow_nan=False) + "\n").encode()})


@dataclass(frozen=True)
class _Learning:
    """The rows that hazards are learnt from: columns, times, weights and dates, all of as many rows."""

    columns: Columns
    times: Times
    weight: Floats
    as_of: NDArray[np.datetime64]
    width: int
    """Columns there were to choose from."""

    @classmethod
    def of(cls, data: Dataset, times: Times, features: Sequence[Feature], steps: Sequence[Step]) -> _Learning:
        _, rows = encode(data, features)
        picked, weight = _thinned(times.event < np.minimum(times.seen, steps[-1].end))
        if rows.weight is not None:
            weight = weight * rows.weight[picked]
        matrix, times = rows.numbers[picked], Times(times.event[picked], times.seen[picked])
        columns = Columns.of(matrix, terms_for(matrix, rows.names, rows.categories))
        width = columns.values.shape[1]
        told = [columns.score(times.at_risk(step), times.event < step.end, weight) for step in steps]
        chosen = np.sort(np.argsort(-np.max(told, axis=0), kind="stable")[:COLUMNS])
        return cls(columns.only(chosen), times, weight, data.rows["as_of"].to_numpy()[picked], width)

    def fit(self, step: Step, rows: Flags | None = None) -> tuple[Floats, float]:
        """Return a coefficient per column and the intercept of a step's log-odds, learnt from `rows` (None: all)."""
        at_risk = self.times.at_risk(step) if rows is None else self.times.at_risk(step) & rows
        happened = self.times.event[at_risk] < step.end
        model = LogisticRegression(C=SPREAD / max(1, self.width), solver="newton-cholesky", max_iter=200)
        # One BLAS thread: on a busy machine more are ten times slower, and sums would depend on their number.
        with threadpool_limits(1, user_api="blas"):
            model.fit(self.columns.values[at_risk], happened, sample_weight=self.weight[at_risk])
        return model.coef_[0], float(model.intercept_[0])

    def departures(self, step: Step, earlier: Flags, later: Flags) -> tuple[Floats, float]:
        """Return how far the later rows depart in a step from the mean earlier row, and that row's log-odds."""
        coefficients, intercept = self.fit(step, earlier)
        own = self.weight[earlier]
        mean = float(own @ (self.columns.values[earlier] @ coefficients) / own.sum())
        return self.columns.values[later] @ coefficients - mean, intercept + mean


def _thinned(event: Flags) -> tuple[NDArray[np.intp], Floats]:
    """Return the rows to learn from, ascending, and how many rows each stands for."""
    parts = [np.flatnonzero(event), np.flatnonzero(~event)]
    room = max(ROWS // 2, ROWS - min(map(len, parts)))
    thin = [part[:: max(1, -(-len(part) // room))] for part in parts]
    stands = [len(part) / max(1, len(some)) for some, part in zip(thin, parts, strict=True)]
    rows, weight = np.concatenate(thin), np.repeat(stands, [len(some) for some in thin])
    order = np.argsort(rows, kind="stable")
    return rows[order], weight[order]
