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
    rows = data_of(accounts=1, dates=1).features.iloc[[0] * 12].reset_index(drop=True)
    rows = rows.assign(calls_90d=np.arange(12.0))

    def moves(by: Settings) -> np.ndarray:
        model: FittedModel = fit(data_of(dates=2), churn, features, by, UNTIL)
        return np.diff(model.probability(rows))

    assert (moves(settings) >= 0).all()
    assert moves(free).sum() < -0.1
