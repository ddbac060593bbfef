"""Tuning within a number of trials and of seconds, the same each time, and kept only where it helps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import pytest

from features.spec import Feature
from models.choosing.candidates import Candidate, Part
from models.choosing.folds import judging
from models.choosing.members import Members
from models.choosing.tuning import Tuned, tune, tuned_of
from models.dataset import Dataset
from models.encoding import encode
from models.targets import Target
from models.train import fit_recipes
from pipeline.settings import Settings, TrainingSettings

ASKED = TrainingSettings(tune_trials=4, tune_seconds=60)


@pytest.fixture
def tuned_for(data_of: Callable[..., Dataset], features: Sequence[Feature], churn: Target) -> Callable[..., Tuned]:
    data = data_of(accounts=150, dates=2)
    _, rows = encode(data, features)
    inner = judging(data, rows, churn.window, 0)
    members = Members(rows, [fold.rows for fold in inner.folds], 1, 0)
    return lambda now: tune(members, inner, ASKED, 0, now)


def test_as_many_trials_give_the_same_settings(tuned_for: Callable[..., Tuned]) -> None:
    first, second = tuned_for(lambda: 0.0), tuned_for(lambda: 0.0)
    assert first == second
    assert (first.trials, first.plain()["cut_short"]) == (4, False)
    assert first.loss <= first.before
    assert bool(first.settings) == (first.loss < first.before)


def test_when_the_time_is_up_no_trial_is_begun_and_it_is_said(tuned_for: Callable[..., Tuned]) -> None:
    ticks = iter(range(0, 1000, 40))
    cut = tuned_for(lambda: float(next(ticks)))
    # Looked at after 40 and 80 seconds: one trial beside the settings that stand.
    assert cut.trials == 2
    assert cut.plain()["cut_short"] is True
    assert "4 were asked for: the time was up" in cut.words


def test_what_was_tuned_is_in_the_manifest_and_is_not_tuned_again(
    data_of: Callable[..., Dataset],
    features: Sequence[Feature],
    churn: Target,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = settings.model_copy(update={"training": TrainingSettings(threads=1, tune_trials=2)})
    earlier = Tuned({"num_leaves": 3}, trials=2, asked=2, before=0.2, loss=0.19)
    alone = Candidate("trees", 2, (Part("trees"),))
    monkeypatch.setattr("models.train.candidates_for", lambda *_: (alone,))
    monkeypatch.setattr("models.train.tune", lambda *_: pytest.fail("tuned again"))
    fitted = fit_recipes(("model",), data_of(dates=2), churn, features, asked, date(2025, 6, 1), earlier)["model"]
    assert tuned_of(fitted.manifest) == earlier
    assert "num_leaves 3 (loss 0.1900, before 0.2000)" in fitted.manifest["chosen"]["tuned"]["words"]
    text = fitted.files["trees.txt"].decode()
    assert max(int(line.split("=")[1]) for line in text.splitlines() if line.startswith("num_leaves=")) == 3


def test_settings_that_stand_are_kept_where_no_trial_beats_them() -> None:
    kept = Tuned({}, trials=5, asked=5, before=0.2, loss=0.2)
    assert kept.words == "5 settings of the trees were tried on inner folds; none beat those that stand."
    assert Tuned.of(kept.plain()) == kept
    assert tuned_of({"chosen": None}) is None
    assert tuned_of({}) is None
