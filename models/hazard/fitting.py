"""Fits a hazard per step by regularised logistic regression on person-periods, and calibrates them on later dates."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from features.spec import Feature
from models.blas import one_thread
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

FEWEST = 200
"""Rows of a step below which they are not thinned."""

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
    rows = [learning.times.at_risk(step) for step in steps]
    columns, width = learning.columns(steps, rows)
    values = columns.over(learning.matrix)
    fitted = [learning.fit(step, mine, values, width) for step, mine in zip(steps, rows, strict=True)]
    coefficients = np.array([each[0] for each in fitted])
    # A step's departures are counted from the mean row's.
    means = learning.weight @ values / learning.weight.sum()
    typical = np.array([each[1] for each in fitted]) + coefficients @ means
    borne = calibrate(
        learning.times, learning.as_of, learning.weight, steps, own, target.window, typical.tolist(),
        learning.departures,
    )  # fmt: skip
    content = {
        "typical": typical.tolist(),
        "intercepts": (-coefficients @ means).tolist(),
        "terms": columns.written(coefficients),
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
    """The rows that hazards are learnt from: features, times, weights and dates, all of as many rows."""

    matrix: Floats
    names: tuple[str, ...]
    categories: Mapping[str, int]
    times: Times
    weight: Floats
    as_of: NDArray[np.datetime64]

    @classmethod
    def of(cls, data: Dataset, times: Times, features: Sequence[Feature], steps: Sequence[Step]) -> _Learning:
        _, rows = encode(data, features)
        picked, weight = _thinned(times, steps)
        if rows.weight is not None:
            weight = weight * rows.weight[picked]
        times = Times(times.event[picked], times.seen[picked])
        as_of = data.rows["as_of"].to_numpy()[picked]
        return cls(rows.numbers[picked], tuple(rows.names), rows.categories, times, weight, as_of)

    def columns(self, steps: Sequence[Step], rows: Sequence[Flags]) -> tuple[Columns, int]:
        """Return the columns that tell most of any step, by each step's own `rows` alone, and how many there were."""
        mine = np.logical_or.reduce(rows)
        columns = Columns.of(self.matrix[mine], terms_for(self.matrix[mine], self.names, self.categories))
        event, weight = self.times.event[mine], self.weight[mine]
        told = [columns.score(some[mine], event < step.end, weight) for step, some in zip(steps, rows, strict=True)]
        chosen = np.sort(np.argsort(-np.max(told, axis=0), kind="stable")[:COLUMNS])
        return columns.only(chosen), columns.values.shape[1]

    def fit(self, step: Step, rows: Flags, values: Floats, width: int) -> tuple[Floats, float]:
        """Return a coefficient per column and the intercept of a step's log-odds, learnt from `rows` of `values`."""
        happened = self.times.event[rows] < step.end
        model = LogisticRegression(C=SPREAD / max(1, width), solver="newton-cholesky", max_iter=200)
        with one_thread():
            model.fit(values[rows], happened, sample_weight=self.weight[rows])
        return model.coef_[0], float(model.intercept_[0])

    def departures(self, told: Sequence[tuple[Step, Flags]], later: Flags) -> list[Floats]:
        """Return per step how far the later rows depart from the mean row, all of it learnt from each step's own rows.

        Which columns tell most, and their units, are the earlier rows' too: columns that had been chosen with the later
        rows' labels would be borne out by them whatever they are.
        """
        columns, width = self.columns([step for step, _ in told], [rows for _, rows in told])
        values = columns.over(self.matrix)
        means = self.weight @ values / self.weight.sum()
        found = []
        for step, rows in told:
            coefficients, _ = self.fit(step, rows, values, width)
            found.append((values[later] - means) @ coefficients)
        return found


def _thinned(times: Times, steps: Sequence[Step]) -> tuple[NDArray[np.intp], Floats]:
    """Return the rows to learn from, ascending, and how many rows each stands for.

    Rows with and rows without an event are thinned to half of `ROWS` each: those of every step, and those known for as
    many steps, by themselves and not below `FEWEST`, so that no step is left without either.
    """
    ends = np.array([step.end for step in steps])
    happened = times.event < np.minimum(times.seen, ends[-1])
    room = max(ROWS // 2, ROWS - min(int(happened.sum()), int((~happened).sum())))
    known = np.searchsorted(ends, times.seen, side="right")
    in_step = np.where(happened, np.searchsorted(ends, times.event, side="right"), len(ends))
    alike = in_step * (len(ends) + 1) + known
    weight = np.zeros(len(alike))
    every = {either: max(1, -(-int((happened == either).sum()) // room)) for either in (False, True)}
    for group in np.unique(alike):
        part = np.flatnonzero(alike == group)
        some = part[:: min(every[bool(happened[part[0]])], max(1, len(part) // FEWEST))]
        weight[some] = len(part) / len(some)
    rows = np.flatnonzero(weight)
    return rows, weight[rows]
