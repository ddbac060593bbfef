"""Directions the business is sure of: which features have one for which target, and that models keep to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
import pytest

from features.spec import Feature
from models.choosing import candidates
from models.choosing.candidates import LOGISTIC, Candidate
from models.dataset import Dataset
from models.manifest import FittedModel
from models.monotone import SURE, Sure, directions
from models.small.signals import Signal
from models.targets import Target
from models.train import fit
from pipeline.settings import Settings, TrainingSettings

NAMES = ("days_overdue", "calls_30d", "oldest_open_ticket_days", "mrr_under_notice", "days_overdue_2")
UNTIL = date(2025, 6, 1)


def test_days_overdue_never_lower_the_risk_of_leaving(churn: Target, upsell: Target) -> None:
    assert directions(NAMES, churn) == [1, 0, 1, 1, 0]
    # Growth of spend has no direction that is sure.
    assert directions(NAMES, upsell) == [0, 0, 0, 0, 0]


@pytest.fixture
def against(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold the business to be sure of what the toy rows contradict: fewer leave who call more often."""
    monkeypatch.setattr("models.monotone.SURE", (*SURE, Sure("calls_90d", 1)))


@pytest.mark.usefixtures("against")
@pytest.mark.parametrize(
    "candidate",
    [LOGISTIC, Candidate("trees", 2, candidates.boosted(1.0, ("extra", "shallow")))],
    ids=["curves", "trees"],
)
def test_no_model_moves_against_a_direction_unless_it_is_switched_off(
    candidate: Candidate,
    data_of: Callable[..., Dataset],
    churn: Target,
    features: Sequence[Feature],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("models.train.candidates_for", lambda *_: (candidate,))
    free = settings.model_copy(update={"training": TrainingSettings(threads=1, monotone=False)})
    assert (moves(fit(data_of(dates=2), churn, features, settings, UNTIL), data_of) >= 0).all()
    assert moves(fit(data_of(dates=2), churn, features, free, UNTIL), data_of).sum() < -0.1


@pytest.mark.usefixtures("against")
@pytest.mark.parametrize("looked_at", [False, True], ids=["curves alone", "signals too"])
def test_no_small_model_moves_against_a_direction_unless_it_is_switched_off(
    looked_at: bool,
    data_of: Callable[..., Dataset],
    churn: Target,
    features: Sequence[Feature],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if looked_at:
        monkeypatch.setattr("models.small.signals.SIGNALS", (Signal("calls", ("calls_90d",), 0, None, None),))
    free = settings.model_copy(update={"training": TrainingSettings(threads=1, monotone=False)})
    book = data_of(accounts=60)
    kept = fit(book, churn, features, settings, UNTIL)
    assert kept.manifest["chosen"]["chosen"] == "small"
    assert (moves(kept, data_of) >= 0).all()
    assert moves(fit(book, churn, features, free, UNTIL), data_of).sum() < -0.1


def moves(model: FittedModel, data_of: Callable[..., Dataset]) -> np.ndarray:
    """Return how the probability of one account moves from none to eleven calls."""
    row = data_of(accounts=1, dates=1).features.iloc[[0] * 12].reset_index(drop=True)
    return np.diff(model.probability(row.assign(calls_90d=np.arange(12.0))))
