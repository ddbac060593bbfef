"""Calibration keeps the order of accounts and says what was observed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from models.calibrate import LEAST_SLOPE, bands, fit_platt, identity


def drawn(slope: float, intercept: float, rows: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    margin = rng.normal(0, 1.5, rows)
    return margin, (rng.random(rows) < expit(intercept + slope * margin)).astype(int)


def test_the_map_that_made_the_labels_is_found_again() -> None:
    fitted = fit_platt(*drawn(0.6, -1.0))
    assert (fitted.kind, fitted.rows) == ("platt", 20_000)
    assert fitted.slope == pytest.approx(0.6, abs=0.03)
    assert fitted.intercept == pytest.approx(-1.0, abs=0.04)


def test_probabilities_rise_with_the_margin() -> None:
    fitted = fit_platt(*drawn(0.6, -1.0))
    assert (np.diff(fitted.probability(np.linspace(-8, 8, 50))) > 0).all()


@pytest.mark.parametrize("slope", [-0.8, 0.0])
def test_margins_that_mislead_are_flattened_and_never_turned_over(slope: float) -> None:
    margin, label = drawn(slope, -1.0)
    fitted = fit_platt(margin, label)
    assert fitted.slope == LEAST_SLOPE
    assert fitted.note == "the margins tell next to nothing on later dates"
    assert fitted.probability(margin).mean() == pytest.approx(label.mean(), abs=1e-9)


def test_a_constant_margin_gives_the_rate() -> None:
    fitted = fit_platt(np.full(4, 2.0), np.array([0, 0, 0, 1]))
    assert fitted.probability(np.array([2.0]))[0] == pytest.approx(0.25)


def test_margins_that_separate_the_labels_still_give_a_finite_map() -> None:
    fitted = fit_platt(np.arange(-50.0, 50.0), (np.arange(-50, 50) >= 0).astype(int))
    assert np.isfinite([fitted.slope, fitted.intercept]).all()
    assert (np.diff(fitted.probability(np.array([-1.0, -0.5, -0.4]))) > 0).all()


def test_the_identity_changes_nothing_and_says_why() -> None:
    assert identity("no later date").probability(np.array([0.0]))[0] == 0.5
    assert identity("no later date").note == "no later date"


def test_bands_hold_equal_counts_and_what_was_observed_in_them() -> None:
    probability = np.arange(400) / 400 + 0.001
    label = (np.arange(400) % 100 < np.repeat([10, 20, 30, 40], 100)).astype(int)
    made = bands(probability, label)
    assert [(band["n"], band["positives"]) for band in made] == [(100, 10), (100, 20), (100, 30), (100, 40)]
    assert (made[0]["low"], made[-1]["high"]) == (0.0, 1.0)
    assert [band["high"] for band in made[:-1]] == [band["low"] for band in made[1:]]


def test_a_probability_on_an_edge_belongs_to_the_band_below() -> None:
    made = bands(np.repeat([0.2, 0.6], 100), np.repeat([0, 1], 100))
    edge = made[0]["high"]
    below = np.repeat([0.2, 0.6], 100) <= edge
    assert made[0]["n"] == below.sum()


def test_there_are_ten_bands_at_most_and_none_for_a_handful() -> None:
    rng = np.random.default_rng(0)
    assert len(bands(rng.random(5000), np.zeros(5000, dtype=int))) == 10
    assert bands(rng.random(99), np.zeros(99, dtype=int)) == []


def test_equal_probabilities_make_one_band() -> None:
    made = bands(np.full(300, 0.4), np.r_[np.ones(60), np.zeros(240)].astype(int))
    assert sum(band["n"] for band in made) == 300
    assert sum(band["positives"] for band in made) == 60
