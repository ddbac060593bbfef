"""Keeps the level of a model's probabilities where labels last had it, when the accounts it scores have drifted.

Features drift with the age of a firm's history, and with them a model's mean probability, while the rate of outcomes
hardly moves. So the calibration's intercept is set such that the mean over the cohort of the day of training, whose
labels nobody knows yet, is the rate among the rows learnt from. The order of accounts stays, and the intercept is part
of the model, so that scores are as reproducible as before. `[training] recalibrate` = "none" leaves it out.

Chosen on past dates of Online Retail (its earlier folds) and of the synthetic company.
`tests/benchmarks/calibration.py` prints it beside leaving the intercept alone, and beside the prior-shift estimate of
Saerens, Latinne and Decaestecker (2002), which takes any drift of features for one of the rate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit

from models.evaluate import EXPECTED_VALUE, PROBABILITY
from models.manifest import FittedModel
from models.rows import Encoded

Floats = NDArray[np.float64]

FEWEST = 50
"""Accounts that the cohort must have for its mean to say anything."""

WIDEST = 30.0
"""Log-odds that probabilities are moved by at most."""


def level_shift(log_odds: Floats, rate: float, weight: Floats | None = None) -> float:
    """Return what must be added to the log-odds for their mean probability to be `rate`, strictly between 0 and 1.

    `weight` is how many rows each counts for. Without it the order of the log-odds plays no part, to the bit.
    """
    ordered = np.sort(log_odds) if weight is None else log_odds

    def excess(shift: float) -> float:
        return float(np.average(expit(ordered + shift), weights=weight)) - rate

    if excess(-WIDEST) > 0 or excess(WIDEST) < 0:
        return 0.0
    return float(brentq(excess, -WIDEST, WIDEST, xtol=1e-12))


def moved(probability: Floats, shift: float) -> Floats:
    """Return probabilities whose log-odds lie higher by `shift`."""
    if not shift:
        return probability
    # p e^s / (1 - p + p e^s), which is exact at both ends.
    return probability / (probability + (1 - probability) * np.exp(-shift))


def level_by_fold(log_odds: Floats, folds: Sequence[tuple[Encoded, Encoded]]) -> Floats:
    """Return the probabilities of the inner folds' later rows, each fold at the rate its earlier rows had.

    That is what a model trained at each fold would have said of its cohort, so that what was observed of these rows
    stands beside probabilities like those of a list.
    """
    parts, first = [], 0
    for train, test in folds:
        own = log_odds[first : first + len(test.label)]
        first += len(test.label)
        rate = float(np.average(train.label, weights=train.weight))
        parts.append(expit(own + level_shift(own, rate, test.weight)))
    return np.concatenate(parts)


def learnt_rate(model: FittedModel) -> float:
    """Return the rate of label 1 among all rows that the model learnt from, those not drawn included."""
    counts = model.manifest["counts"]
    return float(counts["positives"] / counts["rows"])


def recalibrated(model: FittedModel, log_odds: Floats, as_of: date) -> tuple[FittedModel, float]:
    """Return the model with the intercept that suits the cohort of `as_of`, and by how much it was moved.

    `log_odds` are the model's own of that cohort. The manifest's calibration then has `recalibrated`: how, as_of,
    accounts, learnt (the rate), predicted (the mean probability before), shift. With fewer than FEWEST accounts the
    intercept stays, and it says so under `note`.
    """
    rate = learnt_rate(model)
    enough = len(log_odds) >= FEWEST
    shift = level_shift(log_odds, rate) if enough else 0.0
    told: dict[str, Any] = {
        "how": "cohort",
        "as_of": as_of.isoformat(),
        "accounts": len(log_odds),
        "learnt": rate,
        "predicted": float(np.sort(expit(log_odds)).mean()) if len(log_odds) else None,
        "shift": shift,
        "note": "" if enough else f"{len(log_odds)} accounts; {FEWEST} are needed",
    }
    before = model.manifest["calibration"]
    calibration = {**before, "intercept": before["intercept"] + shift, "recalibrated": told}
    return replace(model, manifest={**model.manifest, "calibration": calibration}), shift


def at_level(judged: pd.DataFrame, fitted: Mapping[str, FittedModel], test: date) -> tuple[pd.DataFrame, FittedModel]:
    """Return the rows with each contender's predictions recalibrated, and the first contender so.

    Each was trained at the test date, on labels known by then, so that these rows, whose labels are not looked at, are
    the cohort of that day. It is not for folds at the dates learnt from: there the rate learnt is that of these rows.
    """
    columns: dict[str, Any] = {}
    changed = {}
    for name, model in fitted.items():
        probability = judged[PROBABILITY.format(name)].to_numpy(float)
        changed[name], shift = recalibrated(model, logit(probability), test)
        columns[PROBABILITY.format(name)] = moved(probability, shift)
        # Nothing is expected at a probability of 0, and no shift moves one.
        after = columns[PROBABILITY.format(name)]
        times = np.divide(after, probability, out=np.ones(len(judged)), where=probability > 0)
        columns[EXPECTED_VALUE.format(name)] = judged[EXPECTED_VALUE.format(name)].to_numpy(float) * times
    return judged.assign(**columns), next(iter(changed.values()))
