"""The AUC and its interval, with accounts as witnesses."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import t

from models.area import area, variance


def test_the_area_of_four_rows_is_obvious() -> None:
    label, score = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.6, 0.4, 0.1])
    found = area(label, score, np.arange(4))
    assert found is not None
    assert found.value == 0.75
    assert found.accounts == (2, 2)


def test_ties_count_one_half() -> None:
    found = area(np.array([1.0, 0.0, 0.0]), np.array([0.5, 0.5, 0.1]), np.arange(3))
    assert found is not None
    assert found.value == 0.75


def test_rows_of_different_strata_are_not_compared() -> None:
    label = np.array([1.0, 0.0, 1.0, 0.0, 0.0])
    score = np.array([0.2, 0.1, 0.9, 0.8, 0.99])
    found = area(label, score, np.arange(5), np.array(["a", "a", "b", "b", "c"]))
    assert found is not None
    assert found.value == 1.0
    assert found.accounts == (2, 2)  # the lone row of c is compared with none


def test_one_class_has_no_area() -> None:
    assert area(np.ones(3), np.arange(3.0), np.arange(3)) is None
    assert area(np.array([1.0, 0.0]), np.arange(2.0), np.arange(2), np.array([1, 2])) is None


def delong(label: np.ndarray, score: np.ndarray) -> float:
    """DeLong's standard error, by the definition: placements row by row."""
    positive, other = score[label == 1], score[label == 0]
    wins = (positive[:, None] > other) + (positive[:, None] == other) / 2
    return float(np.sqrt(wins.mean(axis=1).var() / len(positive) + wins.mean(axis=0).var() / len(other)))


def test_rows_of_different_accounts_have_the_error_of_delong() -> None:
    generator = np.random.default_rng(4)
    label = (np.arange(40) < 12).astype(float)
    score = np.round(generator.normal(size=40) + label, 1)
    found = area(label, score, np.arange(40))
    assert found is not None
    assert found.error == pytest.approx(delong(label, score) * np.sqrt(12 / 11))


def test_an_account_at_three_dates_tells_no_more_than_once() -> None:
    generator = np.random.default_rng(5)
    label, score = (np.arange(30) < 9).astype(float), generator.normal(size=30)
    once = area(label, score, np.arange(30))
    thrice = area(np.tile(label, 3), np.tile(score, 3), np.tile(np.arange(30), 3))
    assert once is not None
    assert thrice is not None
    assert (thrice.value, thrice.error) == pytest.approx((once.value, once.error))


def test_the_interval_is_symmetric_in_log_odds_with_student_s_t() -> None:
    generator = np.random.default_rng(6)
    label = (np.arange(60) < 20).astype(float)
    found = area(label, generator.normal(size=60) + label, np.arange(60))
    assert found is not None
    interval = found.interval(0.9)
    reach = t.ppf(0.95, 19) * found.error / (found.value * (1 - found.value))
    assert (interval.low, interval.high) == pytest.approx(
        (expit(logit(found.value) - reach), expit(logit(found.value) + reach))
    )
    wider = found.interval(0.95)
    assert wider.low < interval.low < interval.high < wider.high


def test_a_perfect_order_of_few_is_not_certain() -> None:
    found = area(np.array([1.0, 1, 1, 0, 0, 0]), np.arange(6.0)[::-1], np.arange(6))
    assert found is not None
    interval = found.interval()
    assert (interval.value, interval.high) == (1.0, 1.0)
    assert 0.3 < interval.low < 0.7


def test_a_single_witness_tells_nothing() -> None:
    found = area(np.array([1.0, 0, 0, 0]), np.arange(4.0)[::-1], np.arange(4))
    assert found is not None
    assert (found.interval().low, found.interval().high) == (0.0, 1.0)


def test_the_variance_is_that_of_hanley_and_mcneil() -> None:
    """Their example: 51 diseased and 58 normal patients, area .893, standard error about .032 with equal counts."""
    assert np.sqrt(variance(0.893, 58, 51)) == pytest.approx(0.0320, abs=0.001)


def test_differences_are_paired() -> None:
    generator = np.random.default_rng(7)
    label = (np.arange(80) < 30).astype(float)
    score = generator.normal(size=80) + label
    first, same = area(label, score, np.arange(80)), area(label, 2 * score, np.arange(80))
    worse = area(label, score + generator.normal(size=80), np.arange(80))
    assert first is not None
    assert same is not None
    assert worse is not None
    assert first.minus(same).plain() == {"value": 0.0, "low": 0.0, "high": 0.0}
    difference = first.minus(worse)
    assert difference.value == pytest.approx(first.value - worse.value)
    spread = difference.high - difference.low  # type: ignore[operator]
    assert spread < 2 * 2.1 * np.hypot(first.error, worse.error)
