"""What scores should be worth by their own probabilities: right on average where the probabilities are."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from flows.drift_lines import expected
from models.drift.estimate import MEASURES, estimate, measured, not_estimated
from models.drift.past import worth
from models.drift.reference import Folds
from models.drift.sketch import score_counts


def drawn(seed: int, rows: int = 2000) -> np.ndarray:
    return 1 / (1 + np.exp(-np.random.default_rng(seed).normal(-2, 1.2, rows)))


def test_measures_of_four_rows_with_labels() -> None:
    # From the top: hit, miss, hit, miss.
    found = measured(np.array([[1.0, 0, 1, 0]]), np.ones(4), np.array([0.9, 0.6, 0.4, 0.1]), 2)
    assert found["auc"][0] == pytest.approx(3 / 4)
    assert found["precision_at_capacity"][0] == pytest.approx(1 / 2)
    assert found["brier"][0] == pytest.approx((0.01 + 0.36 + 0.36 + 0.01) / 4)
    assert found["positives"][0] == 2


def test_the_expected_auc_of_two_rows_counts_no_row_against_itself() -> None:
    # Of the pairs (one hit, one miss): .8 x .8 the right way round, .2 x .2 the wrong one.
    found = measured(np.array([[0.8, 0.2]]), np.ones(2), np.array([0.8, 0.2]), 1, expected=True)
    assert found["auc"][0] == pytest.approx(0.64 / (0.64 + 0.04))


@pytest.mark.parametrize("measure", MEASURES)
def test_intervals_hold_what_calibrated_probabilities_came_to(measure: str) -> None:
    inside = 0
    for seed in range(40):
        chance = drawn(seed)
        label = (np.random.default_rng(1000 + seed).random(len(chance)) < chance).astype(float)
        low, high = estimate(score_counts(chance), 100, None).figures[measure][1:]
        came = worth(chance, label, 100)[measure]
        assert came is not None
        assert low is not None
        assert high is not None
        inside += low <= came <= high
    assert inside >= 31, "90 % of 40, less three standard errors"


def test_what_calibration_was_off_by_widens_the_interval() -> None:
    counts = score_counts(drawn(1))
    folds = Folds((date(2025, 1, 1),), (100.0,), (120,), shift=0.3, slope=0.1, pivot=-2.0)
    sure, unsure = (estimate(counts, 100, each).figures["positives"] for each in (None, folds))
    assert unsure[2] - unsure[1] > 2 * (sure[2] - sure[1])  # type: ignore[operator]


def test_nobody_scored_gives_no_figure() -> None:
    assert estimate(score_counts(np.array([np.nan])), 100, None).figures["auc"] == (None, None, None)


def test_a_spread_that_nothing_determines_never_turns_the_ranking_round() -> None:
    folds = Folds((date(2025, 1, 1),), (100.0,), (120,), shift=0.3, slope=1.0, pivot=-2.0)
    low = estimate(score_counts(drawn(1)), 100, folds).figures["auc"][1]
    assert low is not None
    assert low > 0.5


def test_nothing_is_estimated_of_a_rule() -> None:
    told = not_estimated(score_counts(drawn(1))).plain()
    assert (told["rows"], told["auc"]["value"]) == (2000, None)
    assert expected(told) == "not estimated: a rule ranked"
