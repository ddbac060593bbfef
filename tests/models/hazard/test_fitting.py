"""Hazards are learnt, kept beside the model and read back; what they say follows what happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from features.spec import Feature
from models.dataset import Dataset
from models.hazard.curve import HazardCurve
from models.hazard.fitting import _thinned, fit_hazards, with_horizons
from models.hazard.periods import Step, Times
from models.manifest import FittedModel, load_model
from models.notes import _horizons
from models.targets import Target, declare
from models.train import fit_recipe
from pipeline.settings import Settings, parse


@pytest.fixture(scope="module")
def task(
    data_of: Callable[..., Dataset], settings: Settings, features: list[Feature]
) -> tuple[Dataset, Target, FittedModel]:
    """Churn by contract within 28 days; those left go on leaving up to day 180, the earlier the fewer their calls."""
    data = data_of()
    keys = {"kind": "churn", "by": "contract", "horizon": 28, "horizons": [60, 90, 180, 365]}
    given = {"name": "toy", "tables": {"subscriptions": [{"source": "s.csv"}]}, "targets": {"churn": keys}}
    target = declare(parse(Settings, given, "toy.toml"))["churn"]
    rng = np.random.default_rng(5)
    few = data.features["calls_90d"].to_numpy() < data.features["calls_90d"].median()
    later = np.where(few, rng.integers(28, 90, len(data)), rng.integers(90, 180, len(data)))
    main = fit_recipe("logistic", data, target, features, settings, date(2025, 12, 1))
    happens = rng.random(len(data)) < 1 - (1 - main.probability(data.features)) ** 2
    after = np.where(data.rows["label"] == 1, rng.integers(0, 28, len(data)), np.where(happens, later, np.nan))
    rows = data.rows.assign(event_after=after.astype(float), seen_days=np.int32(200))
    made = replace(data, rows=rows)
    return made, target, main


def test_a_model_keeps_its_curves_and_says_the_same_when_read_again(
    task: tuple[Dataset, Target, FittedModel], features: list[Feature], settings: Settings, tmp_path: Path
) -> None:
    data, target, main = task
    model = with_horizons(main, data, target, features, settings)
    assert with_horizons(main, data, target, features, settings).digest == model.digest
    model.save(tmp_path / "model")
    read = load_model(tmp_path / "model")
    assert read.curve is not None
    matrix = model.encode(data.features)
    probability = main.probability(data.features)
    made = read.curve.cumulative(matrix, probability)
    assert (np.diff(made, axis=0, prepend=0.0) >= 0).all()
    assert (made[read.curve.own] == probability).all()
    # A row's bits do not depend on the others.
    assert (read.curve.cumulative(matrix[7:8], probability[7:8])[:, 0] == made[:, 7]).all()
    entry = model.manifest["horizons"]
    assert entry["horizons"] == [60, 90, 180]
    assert entry["left_out"] == {"365": "no training date lies 365 days back, with the days to settle"}
    # Few calls: early, if at all, though as likely on the whole.
    few = (data.features["calls_90d"] < data.features["calls_90d"].median()).to_numpy()
    at = {end: made[position] for position, end in enumerate(read.curve.ends)}
    early = (at[90] - at[28]) / (at[180] - at[28])
    assert early[few].mean() > early[~few].mean() + 0.2


def test_curves_are_calibrated_in_the_large_for_accounts_they_were_not_learnt_from(
    task: tuple[Dataset, Target, FittedModel], features: list[Feature], settings: Settings
) -> None:
    data, target, _ = task
    known = (data.rows["account_id"].str[-1].astype(int) % 2 == 0).to_numpy()
    half, others = (
        Dataset(data.rows[rows].reset_index(drop=True), data.features[rows].reset_index(drop=True))
        for rows in (known, ~known)
    )
    main = fit_recipe("logistic", half, target, features, settings, date(2025, 12, 1))
    curve = with_horizons(main, half, target, features, settings).curve
    assert curve is not None
    made = curve.cumulative(main.encode(others.features), main.probability(others.features))
    for end in (60, 90, 180):
        happened = (others.rows["event_after"] < end).mean()
        assert made[curve.ends.index(end)].mean() == pytest.approx(happened, abs=0.05)


def noise(features: list[Feature], columns: int, hazards: list[list[float]]) -> tuple[Dataset, Target, list[Feature]]:
    """Rows of 16 dates 30 days apart, known for 90 days each: hazards of their three months, per date, and no more."""
    rng = np.random.default_rng(11)
    each = 250
    as_of = np.repeat(pd.date_range("2023-01-01", periods=16, freq="30D").astype("datetime64[us]"), each)
    happens = rng.random((16 * each, 3)) < np.repeat(np.array(hazards), each, axis=0)
    after = np.where(happens.any(axis=1), 30.0 * happens.argmax(axis=1) + 15, np.nan)
    rows = pd.DataFrame({"account_id": [f"k{row}" for row in range(16 * each)], "as_of": as_of, "event_after": after})
    rows = rows.assign(label=(after < 30).astype(np.int8), base=1.0, value_at_stake=1.0, realised=0.0)
    names = [f"noise_{column}" for column in range(columns)]
    drawn = pd.DataFrame(rng.normal(size=(16 * each, columns)), columns=names)
    number = next(feature for feature in features if feature.name == "calls_90d")
    keys = {"kind": "churn", "by": "contract", "horizon": 30, "horizons": [60, 90]}
    given = {"name": "toy", "tables": {"subscriptions": [{"source": "s.csv"}]}, "targets": {"churn": keys}}
    target = declare(parse(Settings, given, "toy.toml"))["churn"]
    data = Dataset(rows.assign(seen_days=np.int32(90)), drawn)
    return data, target, [replace(number, name=name) for name in names]


def test_the_shape_of_what_is_only_noise_is_not_borne_out(features: list[Feature], settings: Settings) -> None:
    data, target, many = noise(features, 300, [[0.2, 0.2, 0.2]] * 16)
    hazards = fit_hazards(data, target, many, settings)
    assert hazards is not None
    assert hazards.entry["calibration"]["rows"] > 0
    assert hazards.entry["calibration"]["shape"] < 0.2


def test_hazards_are_those_of_the_later_dates(features: list[Feature], settings: Settings) -> None:
    data, target, few = noise(features, 2, [[0.1, 0.1, 0.1]] * 8 + [[0.1, 0.2, 0.2]] * 8)
    hazards = fit_hazards(data, target, few, settings)
    assert hazards is not None
    curve = HazardCurve(hazards.entry, hazards.files, [feature.name for feature in few])
    used = 1 / (1 + np.exp(-curve.log_odds(data.features.to_numpy())))
    assert used.mean(axis=1) == pytest.approx([0.1, 0.2, 0.2], abs=0.02)


def test_thinning_empties_no_step() -> None:
    event = np.tile([10.0, 40.0], 40_000)  # every other row would leave the first step alone
    event = np.r_[event, np.full(300, np.inf)]
    times, steps = Times(event, np.full(len(event), 60.0)), [Step(0, 30), Step(30, 60)]
    rows, weight = _thinned(times, steps)
    assert len(rows) < 31_000
    for step in steps:
        assert weight[times.happened(step)[rows]].sum() == pytest.approx(40_000)
    assert weight[np.isinf(event[rows])].sum() == 300


def test_without_horizons_or_with_too_few_events_nothing_is_fitted(
    task: tuple[Dataset, Target, FittedModel], features: list[Feature], settings: Settings
) -> None:
    data, target, main = task
    none = replace(target, params=target.params.model_copy(update={"horizons": ()}))
    assert fit_hazards(data, none, features, settings) is None
    silent = replace(data, rows=data.rows.assign(event_after=np.nan))
    assert fit_hazards(silent, target, features, settings) is None
    assert with_horizons(main, silent, target, features, settings) is main


def test_notes_tell_why_there_is_no_curve(task: tuple[Dataset, Target, FittedModel], settings: Settings) -> None:
    data, target, main = task
    silent, material = replace(data, rows=data.rows.assign(event_after=np.nan)), SimpleNamespace(settings=settings)
    fewest = settings.training.min_positives
    assert _horizons(main, target, silent, material) == {  # pyrefly: ignore[bad-argument-type]
        "none": f"of 2400 rows known for 28 days 0 had their event within them; {fewest} with and {fewest} without one "
        "are needed"
    }
    none = replace(target, params=target.params.model_copy(update={"horizons": ()}))
    assert _horizons(main, none, silent, material) is None  # pyrefly: ignore[bad-argument-type]


def test_what_was_not_seen_is_not_learnt_from(
    task: tuple[Dataset, Target, FittedModel], features: list[Feature], settings: Settings
) -> None:
    data, target, _ = task
    # All rows are known for 90 days: what comes later must change nothing.
    cut = replace(data, rows=data.rows.assign(seen_days=np.int32(90)))
    rows: pd.DataFrame = cut.rows
    blind = replace(cut, rows=rows.assign(event_after=rows["event_after"].where(rows["event_after"] < 90)))
    first, second = (fit_hazards(each, target, features, settings) for each in (cut, blind))
    assert first is not None
    assert second is not None
    assert first.entry["horizons"] == [60, 90]
    assert (first.files, first.entry) == (second.files, second.entry)
