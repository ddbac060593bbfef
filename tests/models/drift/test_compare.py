"""Rows spread as at no training date are told, beyond chance and beyond what was usual; all else is quiet."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from models.drift.compare import drift_of, usual
from models.drift.distance import by_chance, shares, stability_index
from models.drift.reference import Reference, Spread, edges_of
from models.drift.sketch import Sketch, count, score_counts, sketch_rows

DAYS = tuple(date(2025, 1, 1) + timedelta(days=28 * step) for step in range(8))
TODAY = date(2025, 12, 3)


def reference(dates: list[np.ndarray], moves: bool = False) -> Reference:
    edges = edges_of(np.concatenate(dates))
    counts = np.stack([count(values, edges) for values in dates])
    return Reference(DAYS[: len(dates)], (Spread("calls", edges, counts, moves, False),), (), 0.2, None, None)


def today(made: Reference, values: np.ndarray) -> Sketch:
    return sketch_rows(values[:, None], made.edges, np.full(len(values), 0.2))


def normal(seed: int, mean: float = 0.0, rows: int = 400) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, 1, rows)


def test_the_index_of_two_bins_is_what_the_formula_gives() -> None:
    p, q = np.array([0.5, 0.5]), np.array([0.25, 0.75])
    assert stability_index(p, q) == pytest.approx(0.25 * np.log(2) - 0.25 * np.log(2 / 3))


def test_chance_alone_stays_below_its_limit_as_often_as_stated() -> None:
    draw = np.random.default_rng(0)
    a, b = (draw.multinomial(200, np.full(10, 0.1), 2000) for _ in range(2))
    beyond = stability_index(shares(a), shares(b)) > by_chance(200, 200, 10, 0.05)
    assert 0.03 < beyond.mean() < 0.07


def test_a_shift_that_no_training_date_showed_is_told_in_words() -> None:
    made = reference([normal(seed) for seed in range(8)])
    found = drift_of(made, today(made, normal(99, mean=1.5)), TODAY)
    assert [each.feature for each in found.moved] == ["calls"]
    assert "median" in found.moved[0].said()
    assert found.said() == "1 of 1 features are spread as never in training"


def test_a_column_that_goes_blank_is_told() -> None:
    made = reference([normal(seed) for seed in range(8)])
    found = drift_of(made, today(made, np.where(np.arange(400) < 300, np.nan, normal(99))), TODAY)
    assert "unknown for 0%, now 75%" in found.moved[0].said()


def test_spread_as_usual_is_quiet() -> None:
    made = reference([normal(seed) for seed in range(8)])
    assert not any(drift_of(made, today(made, normal(seed)), TODAY).found for seed in range(100, 150))


def test_what_was_seen_at_a_training_date_is_no_drift() -> None:
    made = reference([normal(seed, mean=1.5 if seed == 3 else 0.0) for seed in range(8)])
    assert not drift_of(made, today(made, normal(99, mean=1.5)), TODAY).found


def test_a_trend_that_training_showed_may_go_on() -> None:
    made = reference([normal(seed, mean=0.2 * seed) for seed in range(8)])
    assert not drift_of(made, today(made, normal(99, mean=0.2 * 11)), TODAY).found


def test_what_moves_by_construction_is_left_out_and_counted() -> None:
    made = reference([normal(seed) for seed in range(8)], moves=True)
    found = drift_of(made, today(made, normal(99, mean=5)), TODAY)
    assert (found.found, found.looked_at, found.by_construction) == (False, 0, 1)


def test_few_accounts_are_not_compared() -> None:
    made = reference([normal(seed) for seed in range(8)])
    found = drift_of(made, today(made, normal(99, mean=5, rows=20)), TODAY)
    assert found.said() == "not looked for: 20 accounts are too few, 30 are needed"


def test_the_usual_distance_grows_with_the_lag_that_training_could_not_show() -> None:
    two = shares(np.array([[50, 50], [60, 40], [70, 30]]))
    days = np.array([0.0, 28.0, 56.0])
    assert usual(two, days, 28) == pytest.approx(stability_index(two[1], two[2]))
    assert usual(two, days, 42) == pytest.approx(2.25 * stability_index(two[1], two[2]))
    assert usual(two[:1], days[:1], 28) == 0.0


def test_sketches_add_up_whatever_the_buckets() -> None:
    made = reference([normal(seed) for seed in range(8)])
    values, chance = normal(5), np.random.default_rng(1).random(400)
    whole = sketch_rows(values[:, None], made.edges, chance)
    parts = [sketch_rows(values[part, None], made.edges, chance[part]) for part in (slice(0, 150), slice(150, 400))]
    assert (parts[0] + parts[1]).plain() == whole.plain() == Sketch.read(whole.plain()).plain()


def test_a_value_that_most_rows_have_is_a_bin_of_its_own() -> None:
    values = np.array([0.0] * 95 + [3.0] * 5)
    assert count(values, edges_of(values)).tolist() == [95, 5, 0]


def test_scores_at_both_ends_are_kept() -> None:
    assert score_counts(np.array([0.0, 1.0, np.nan])).sum() == 2


def test_values_that_differ_by_a_rounding_share_a_bin() -> None:
    values = np.array([0.00011, 0.00012, 0.00013, 0.00014, 0.00015, 0.00016, 0.00017, 0.5, 0.7, 0.9])
    assert edges_of(values).tolist() == [0.00012, 0.5, 0.7]


def test_scores_are_spoken_of_only_where_they_were_compared() -> None:
    made = reference([normal(seed) for seed in range(8)])
    chance = np.full(400, 0.2)
    assert drift_of(made, today(made, normal(99)), TODAY).said() == (
        "none: 1 features of 400 accounts are spread as in training"
    )
    scored = replace(made, scored=(DAYS[-1], score_counts(chance)), scores=(score_counts(chance),) * 8)
    assert drift_of(scored, today(made, normal(99)), TODAY).said() == (
        "none: 1 features and the scores of 400 accounts are spread as in training"
    )
