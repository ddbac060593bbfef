"""Calibration keeps the order of accounts and says what was observed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from models.calibrate import LEAST_SLOPE, bands, fit_platt, identity
from pipeline.likelihood import in_words, with_observed


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


def limits(made: list[dict]) -> list[tuple]:
    return [(band["low"], band["high"], band["n"], band["positives"]) for band in made if band["n"]]


def test_bands_end_where_the_words_change_and_hold_what_was_observed() -> None:
    probability = np.repeat([0.02, 0.1, 0.2, 0.7], [300, 200, 100, 100])
    label = np.concatenate([np.arange(n) < positives for n, positives in ((300, 6), (200, 20), (100, 25), (100, 66))])
    made = bands(probability, label.astype(int))
    assert limits(made) == [(0.0, 0.05, 300, 6), (0.05, 0.15, 200, 20), (0.15, 0.25, 100, 25), (0.55, 0.85, 100, 66)]
    assert (made[0]["low"], made[-1]["high"]) == (0.0, 1.0)
    assert [band["high"] for band in made[:-1]] == [band["low"] for band in made[1:]]


def test_a_probability_on_an_edge_belongs_to_the_band_below_as_to_the_words_below() -> None:
    made = bands(np.repeat([0.05, 0.0501], 100), np.repeat([0, 1], 100))
    assert [band[2:] for band in limits(made)] == [(100, 0), (100, 100)]
    assert in_words(0.05) != in_words(0.0501)


def test_a_rate_was_observed_for_the_words_it_stands_beside() -> None:
    rng = np.random.default_rng(0)
    probability = rng.beta(0.6, 4, 3000)
    made = bands(probability, (rng.random(3000) < probability).astype(int))
    assert [band["high"] for band in made[:-1]] == [band["low"] for band in made[1:]]
    assert sum(band["n"] for band in made) == 3000
    for band in made:
        level = {in_words(p).split(",")[0] for p in (band["low"] + 1e-9, band["high"])}
        assert len(level) == 1, band


def test_a_band_of_many_rows_is_cut_so_that_its_upper_end_is_judged_alone() -> None:
    # 400 rows at .06, 200 at .14: together 6 % had the outcome, those at the upper end 12 %.
    probability, label = np.repeat([0.06, 0.14], [400, 200]), np.zeros(600, dtype=int)
    label[:12], label[400:424] = 1, 1
    assert limits(bands(probability, label)) == [(0.05, 0.06, 400, 12), (0.06, 0.25, 200, 24)]


def test_few_rows_join_those_of_the_same_word_and_of_no_other() -> None:
    # About 2 in 10 (30 rows) is low as about 1 in 10 is; about 3 in 10 is medium and stays alone with its 20.
    made = bands(np.repeat([0.1, 0.2, 0.3], [150, 30, 20]), np.zeros(200, dtype=int))
    assert limits(made) == [(0.05, 0.25, 180, 0), (0.25, 0.55, 20, 0)]


def test_a_handful_gives_no_rate() -> None:
    rows = pd.DataFrame({"probability": [0.4]})
    enough, few = (with_observed(rows, bands(np.full(n, 0.4), np.zeros(n, dtype=int))) for n in (30, 29))
    assert enough["observed_rate"].tolist() == [0.0]
    assert few["observed_rate"].isna().all()


def test_equal_probabilities_make_one_band() -> None:
    made = bands(np.full(300, 0.4), np.r_[np.ones(60), np.zeros(240)].astype(int))
    assert limits(made) == [(0.35, 0.45, 300, 60)] or limits(made) == [(0.25, 0.55, 300, 60)]


def test_weights_bring_a_sample_back_to_the_rate_of_all() -> None:
    """Of 20,000 rows a fifth of those with label 0 are left, each counting five times."""
    margin, label = drawn(0.6, -1.0)
    kept = (label == 1) | (np.arange(len(label)) % 5 == 0)
    weight = np.where(label[kept] == 1, 1.0, 5.0)
    fitted = fit_platt(margin[kept], label[kept], weight)
    assert fitted.slope == pytest.approx(0.6, abs=0.05)
    assert fitted.intercept == pytest.approx(-1.0, abs=0.06)
    flat = fit_platt(np.full(kept.sum(), 2.0), label[kept], weight)
    assert flat.probability(np.array([2.0]))[0] == pytest.approx(np.average(label[kept], weights=weight))
    assert fit_platt(margin[kept], label[kept]).intercept > 0


def test_a_band_of_a_sample_shows_the_rate_of_all_as_surely_as_the_sample_does() -> None:
    probability, label = np.full(600, 0.1), np.repeat([1, 0], [200, 400])

    def counted(label: np.ndarray, other: float) -> list[tuple[int, int]]:
        found = bands(probability, label, (other, 1.0))
        return [(int(band["n"]), int(band["positives"])) for band in found if band["n"]]

    # 200 of 1,800: a ninth. Log-odds vary by 1/200 + 1/400, those of n plain rows by 1 / (n x 1/9 x 8/9): n = 1,350.
    assert counted(label, 4.0) == [(1350, 150)]
    assert counted(label, 1.0) == [(600, 200)]
    assert counted(np.zeros(600, int), 4.0) == [(600, 0)]
