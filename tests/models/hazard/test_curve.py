"""Curves pass through the main model's probability, never fall, and name a month only where one stands out."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.hazard.curve import calibrated, through
from models.hazard.months import likely_months

odds = st.floats(-12, 6)


@given(
    st.lists(st.lists(odds, min_size=4, max_size=4), min_size=1, max_size=5),
    st.integers(0, 3),
    st.floats(1e-6, 1 - 1e-6),
)
def test_a_curve_never_falls_and_passes_through_the_probability(rows: list[list[float]], own: int, p: float) -> None:
    log_odds = np.array(rows).T
    made = through(log_odds, own, np.full(len(rows), p))
    assert (np.diff(made, axis=0) >= 0).all()
    assert ((made >= 0) & (made <= 1)).all()
    assert (made[own] == p).all()
    # What leads up to it comes to the same, by the product of what is left.
    alone = np.hstack([through(log_odds[:, [row]], own, np.array([p])) for row in range(len(rows))])
    assert (alone == made).all()
    if own:
        left = 1 - made[own - 1]
        hazard = (made[own] - made[own - 1]) / left
        first = made[0]
        shift = np.log(first / (1 - first)) - log_odds[0]
        assert hazard == pytest.approx(1 / (1 + np.exp(-(log_odds[own] + shift))), rel=1e-4, abs=1e-6)


def test_equal_hazards_share_out_the_probability() -> None:
    made = through(np.zeros((3, 1)), 1, np.array([0.36]))
    assert made[:, 0] == pytest.approx([0.2, 0.36, 0.488])


def test_a_row_that_departs_alike_in_all_steps_has_no_shape() -> None:
    departing = np.array([[1.0, 3.0], [1.0, 1.0], [1.0, 5.0]])
    assert calibrated(departing, 1, shape=0.0).tolist() == [[1.0, 2.0]] * 3
    assert calibrated(departing, 1, shape=1.0).tolist() == departing.tolist()


def test_a_row_of_twelve_steps_has_the_same_bits_alone_as_among_others() -> None:
    rng = np.random.default_rng(3)
    departing, probability = rng.normal(size=(12, 40)), rng.uniform(0.01, 0.9, 40)
    for own in (2, 11):
        odds = calibrated(departing, own, 0.3)
        alone = [calibrated(departing[:, [row]], own, 0.3) for row in range(40)]
        assert (np.hstack(alone) == odds).all()
        made = through(odds, own, probability)
        one_by_one = [through(odds[:, [row]], own, probability[[row]]) for row in range(40)]
        assert (np.hstack(one_by_one) == made).all()


def test_what_is_impossible_or_certain_has_a_curve_too() -> None:
    made = through(np.zeros((3, 2)), 1, np.array([0.0, 1.0]))
    assert made[:2, 0].tolist() == [0.0, 0.0]
    assert made[1:, 1].tolist() == [1.0, 1.0]
    assert ((made >= 0) & (made <= 1)).all()
    assert (np.diff(made, axis=0) >= 0).all()


def test_the_month_with_most_of_the_probability_is_told() -> None:
    cumulative = np.array([[0.1], [0.15], [0.4], [0.42]])  # days 60 to 90 from 1 January
    assert likely_months(cumulative, (30, 60, 90, 120), date(2026, 1, 1)).tolist() == ["2026-03"]


def test_a_flat_curve_tells_no_month_nor_does_a_long_step_nor_one_without_any_probability() -> None:
    ends = (30, 60, 90, 120)
    flat, nothing = [[0.1], [0.2], [0.3], [0.4]], [[0.0]] * 4
    assert likely_months(np.array(flat), ends, date(2026, 1, 1)).tolist() == [None]
    assert likely_months(np.array(nothing), ends, date(2026, 1, 1)).tolist() == [None]
    assert likely_months(np.array([[0.1], [0.9]]), (30, 120), date(2026, 1, 1)).tolist() == [None]


def test_a_month_is_not_told_where_a_long_step_may_hold_a_likelier_one() -> None:
    ends = (60, 90, 120, 180, 365)
    early, late = [[0.50], [0.61], [0.65], [0.70], [0.80]], [[0.05], [0.50], [0.55], [0.60], [0.70]]
    assert likely_months(np.array(early), ends, date(2026, 1, 1)).tolist() == [None]
    assert likely_months(np.array(late), ends, date(2026, 1, 1)).tolist() == ["2026-03"]
