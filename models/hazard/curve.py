"""Scores with a fitted hazard: probabilities within each step's end, passing through the main model's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.scorer import BLOCK, Additive

Floats = NDArray[np.float64]

FILE = "hazard.json"

NEWTON = 12
"""Steps after which the shift no longer moves; always as many, so that a row's bits do not depend on the others."""

LEAST = 1e-12
"""Probabilities nearer to 0 or 1 shape their curve as this one does."""


class HazardCurve:
    """A fitted hazard, read from the manifest's entry `horizons` and its file.

    The file holds `terms`, each the knots and levels of one feature's map with a slope and a level for NaN per step, or
    levels per step and category code. Their sum is how far a row departs in a step from the typical one of `typical`
    log-odds; the mean departure over the steps up to the target's own horizon is its level, the rest its shape. The
    shape counts as far as later dates bore it out: `calibration` of the entry, with an offset per step. The level is
    the main model's to tell, for curves pass through its probability.
    """

    def __init__(self, entry: Mapping[str, Any], files: Mapping[str, bytes], features: list[str]) -> None:
        data = json.loads(files[entry["file"]])
        self.ends: tuple[int, ...] = tuple(int(end) for end in entry["ends"])
        self.horizons: tuple[int, ...] = tuple(int(horizon) for horizon in entry["horizons"])
        self.own = self.ends.index(int(entry["own"]))
        self._gap = int(entry["gap"])
        known = entry["calibration"]
        self._shape = float(known["shape"])
        self._typical = np.asarray(data["typical"], float) + np.asarray(known["offsets"], float)
        self._departing = np.asarray(data["intercepts"], float)
        self._terms = data["terms"]
        curves = [_readable(term) for term in data["terms"]]
        self._maps = Additive({"intercept": 0.0, "terms": curves}, features)

    @property
    def gap(self) -> int:
        """Days from as_of to day 0 of the curve."""
        return self._gap

    def log_odds(self, matrix: Floats) -> Floats:
        """Return (steps, rows) log-odds of the event in each step given none before, of a matrix of features."""
        total = np.repeat(self._departing[:, None], len(matrix), axis=1)
        for first in range(0, len(matrix), BLOCK):
            part = slice(first, first + BLOCK)
            for (_, values, _), term in zip(self._maps.terms(matrix[part]), self._terms, strict=True):
                for step in range(len(total)):
                    total[step, part] += _levels(term, step, values)
        return self._typical[:, None] + calibrated(total, self.own, self._shape)

    def cumulative(self, matrix: Floats, probability: Floats) -> Floats:
        """Return (steps, rows): the probability of the event before the end of each step, never falling.

        `probability` is the main model's, of the event within the target's own horizon: all steps' log-odds of a row
        are shifted by one number so that the curve passes through it.
        """
        return through(self.log_odds(matrix), self.own, probability)


def calibrated(departing: Floats, own: int, shape: float) -> Floats:
    """Return a row's mean departure up to step `own` + `shape` x the rest of it; arrays are (steps, rows)."""
    mean = _added(departing[: own + 1]) / (own + 1)
    return mean + shape * (departing - mean)


def through(log_odds: Floats, own: int, probability: Floats) -> Floats:
    """Return cumulative probabilities of hazards with these (steps, rows) log-odds, `probability` at step `own`."""
    # No shift is large enough for what is impossible or certain.
    within = np.clip(probability, LEAST, 1 - LEAST)
    wanted = -np.log1p(-within)  # the sum of -log(1 - hazard) up to the own horizon
    before = np.ascontiguousarray(log_odds[: own + 1])
    # One step alone that came to all of it: never too little, so that Newton's steps on a convex sum never pass by.
    shift = np.log(np.expm1(wanted)) - before.max(axis=0)
    for _ in range(NEWTON):
        margin = before + shift
        shift -= (_added(_softplus(margin)) - wanted) / _added(_expit(margin))
    made = -np.expm1(-np.cumsum(_softplus(log_odds + shift), axis=0))
    # Rounding may leave the last digit on either side.
    made[: own + 1] = np.minimum(made[: own + 1], probability)
    made[own] = probability
    return np.maximum.accumulate(made, axis=0)


def _added(values: Floats) -> Floats:
    """Return the sum over the first axis, step by step: numpy adds in another order where there is one row."""
    total = values[0].copy()
    for step in values[1:]:
        total += step
    return total


def _softplus(values: Floats) -> Floats:
    return np.maximum(values, 0.0) + np.log1p(np.exp(-np.abs(values)))


def _expit(values: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-values))


def _readable(term: Mapping[str, Any]) -> dict[str, Any]:
    """Return a term as `Additive` reads it: NaN stays NaN, a category code stays its number."""
    if "codes" in term:
        codes = [float(code) for code in range(len(term["codes"][0]))]
        return {"feature": term["feature"], "codes": codes, "missing": 0.0, "at_mean": 0.0}
    return {
        "feature": term["feature"],
        "knots": term["knots"],
        "levels": term["levels"],
        "missing": float("nan"),
        "at_mean": 0.0,
    }


def _levels(term: Mapping[str, Any], step: int, values: Floats) -> Floats:
    if "codes" in term:
        return np.asarray(term["codes"][step], float)[values.astype(np.int64)]
    return np.where(np.isnan(values), term["missing"][step], term["slopes"][step] * values)
