from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from scipy.special import expit, logit

from models.manifest import FittedModel
from models.recalibrate import at_level, learnt_rate, level_by_fold, level_shift, moved, recalibrated
from models.rows import Encoded

DAY = date(2025, 6, 1)


def test_the_shift_brings_the_mean_to_the_rate() -> None:
    log_odds = logit(np.array([0.2, 0.5, 0.8]))
    shift = level_shift(log_odds, 0.3)
    assert expit(log_odds + shift).mean() == pytest.approx(0.3)
    assert level_shift(log_odds, 0.5) == pytest.approx(0.0)


def test_the_order_of_the_cohort_changes_no_bit() -> None:
    log_odds = np.random.default_rng(1).normal(size=500)
    assert level_shift(log_odds, 0.1) == level_shift(log_odds[::-1].copy(), 0.1)


def test_rows_count_as_often_as_their_weight_says() -> None:
    two, three = np.array([-1.0, 1.0]), np.array([-1.0, -1.0, 1.0])
    assert level_shift(two, 0.3, np.array([2.0, 1.0])) == pytest.approx(level_shift(three, 0.3))


def test_a_shift_that_no_number_gives_is_none() -> None:
    assert level_shift(np.array([-100.0, -100.0]), 0.5) == 0.0


def test_moved_probabilities_keep_their_ends() -> None:
    assert moved(np.array([0.0, 0.5, 1.0]), np.log(3)) == pytest.approx([0.0, 0.75, 1.0])


def test_a_model_keeps_its_order_and_says_what_was_done(churn_model: FittedModel, data_of) -> None:
    features = data_of(dates=1).features
    before = churn_model.probability(features)
    changed, shift = recalibrated(churn_model, logit(before), DAY)
    after = changed.probability(features)
    rate = learnt_rate(churn_model)
    assert after.mean() == pytest.approx(rate)
    assert np.array_equal(np.argsort(before), np.argsort(after))
    told = changed.manifest["calibration"]["recalibrated"]
    assert told["shift"] == shift != 0
    assert {**told, "shift": 0} == {
        "how": "cohort", "as_of": "2025-06-01", "accounts": 300, "learnt": rate,
        "predicted": pytest.approx(before.mean()), "shift": 0, "note": "",
    }  # fmt: skip
    assert "recalibrated" not in churn_model.manifest["calibration"]  # the model itself is as it was


def test_too_small_a_cohort_moves_nothing_and_says_so(churn_model: FittedModel) -> None:
    changed, shift = recalibrated(churn_model, np.zeros(49), DAY)
    assert shift == 0.0
    assert changed.manifest["calibration"]["recalibrated"]["note"] == "49 accounts; 50 are needed"
    assert changed.manifest["calibration"]["intercept"] == churn_model.manifest["calibration"]["intercept"]


def encoded(label: list[int]) -> Encoded:
    return Encoded(np.zeros((len(label), 1)), np.array(label, np.int8), ("x",), {})


def test_each_fold_is_brought_to_the_rate_before_it() -> None:
    folds = [(encoded([0, 0, 0, 1]), encoded([0, 1])), (encoded([0, 1]), encoded([1, 1, 0]))]
    found = level_by_fold(np.array([-1.0, 1.0, -1.0, 0.0, 2.0]), folds)
    assert (found[:2].mean(), found[2:].mean()) == pytest.approx((0.25, 0.5))


def test_expected_values_move_with_the_probabilities(churn_model: FittedModel, data_of) -> None:
    data = data_of(dates=1)
    told = churn_model.probability(data.features)
    rows = data.rows.assign(model_probability=told, model_expected_value=told * 40.0)
    after, _ = at_level(rows, {"model": churn_model}, DAY)
    assert after["model_expected_value"].to_numpy() == pytest.approx(after["model_probability"].to_numpy() * 40.0)


def test_a_probability_of_0_is_worth_what_it_was(churn_model: FittedModel, data_of) -> None:
    data = data_of(dates=1)
    told = churn_model.probability(data.features)
    told[0] = 0.0
    rows = data.rows.assign(model_probability=told, model_expected_value=told * 40.0)
    after, _ = at_level(rows, {"model": churn_model}, DAY)
    assert (after["model_probability"].iloc[0], after["model_expected_value"].iloc[0]) == (0.0, 0.0)
    assert after["model_expected_value"].to_numpy() == pytest.approx(after["model_probability"].to_numpy() * 40.0)
