from __future__ import annotations

import math
from datetime import date
from typing import Any

import pytest

from features.catalogue import FEATURES, facts_for
from features.engine import build_features

ROWS: list[dict[str, Any]] = [
    {"issued_at": "2025-01-01T00:00", "amount": 100, "product": "p"},
    {"issued_at": "2025-02-01T09:00", "amount": 40, "product": "p"},
    {"issued_at": "2025-02-01T17:00", "amount": 60, "product": "q"},
    {"issued_at": "2025-02-11T12:00", "amount": -25, "product": "q"},
    {"issued_at": "2025-03-01T12:00", "amount": 200.5, "product": "q"},
    {"issued_at": "2025-04-01T00:00", "amount": 7, "product": "r", "known_at": "2025-03-01T00:00"},
]


def test_volume_and_value_count_what_occurred_in_the_window(figures: Any) -> None:
    found = figures("2025-04-01", invoices=ROWS)
    assert found["purchase_days_30d"] == 0  # 2025-03-02 to 2025-03-31; the invoice of 2025-04-01 is yet to come
    assert found["purchase_days_60d"] == 2  # from 2025-01-31
    assert found["purchase_days_90d"] == 3  # from 2025-01-01, the first day
    assert found["purchase_days_all"] == 3
    assert found["invoice_rows_all"] == 5
    assert found["spend_60d"] == 275.5
    assert found["spend_90d"] == 375.5
    assert found["spend_per_day_90d"] == pytest.approx(375.5 / 3)
    assert found["products_bought_90d"] == 2


def test_credit_notes_are_counted_apart_and_lower_the_spend(figures: Any) -> None:
    found = figures("2025-04-01", invoices=ROWS)
    assert (found["credit_notes_90d"], found["credited_90d"]) == (1, 25)
    without = figures("2025-04-01", invoices=ROWS[:1])
    assert math.copysign(1, without["credited_90d"]) == 1  # 0, not -0


def test_a_window_starts_at_midnight_and_ends_before_as_of(figures: Any) -> None:
    edge = [
        {"issued_at": "2025-03-02T00:00", "amount": 1},
        {"issued_at": "2025-03-01T23:59:59.999999", "amount": 10},
        {"issued_at": "2025-03-31T23:59:59.999999", "amount": 100},
        {"issued_at": "2025-01-01T00:00", "amount": 1000},
    ]
    assert figures("2025-04-01", invoices=edge)["spend_30d"] == 101


def test_a_window_from_before_the_first_day_is_empty_not_short(figures: Any) -> None:
    found = figures("2025-03-31", invoices=ROWS)
    assert math.isnan(found["spend_90d"])
    assert math.isnan(found["purchase_days_90d"])
    assert found["spend_60d"] == 275.5


def test_recency_tenure_and_regularity(figures: Any) -> None:
    found = figures("2025-04-01", invoices=ROWS)
    assert found["days_since_purchase"] == 31
    assert found["days_since_first_purchase"] == 90
    assert found["days_between_first_and_last_purchase"] == 59
    assert found["purchase_gap_mean"] == 29.5  # 31 and 28 days
    assert found["purchase_gap_deviation"] == 1.5
    assert found["purchase_gap_longest"] == 31
    assert found["days_since_purchase_over_gap"] == pytest.approx(31 / 29.5)


def test_one_purchase_has_no_gap_and_none_has_no_recency(figures: Any) -> None:
    once = figures("2025-04-01", invoices=ROWS[:1])
    assert once["days_since_purchase"] == 90
    assert math.isnan(once["purchase_gap_mean"])
    twice = figures("2025-04-01", invoices=ROWS[:2])
    assert (twice["purchase_gap_mean"], math.isnan(twice["purchase_gap_deviation"])) == (31, True)
    never = figures("2025-04-01", invoices=[{"issued_at": "2025-01-01", "amount": -5}])
    assert math.isnan(never["days_since_purchase"])
    assert never["purchase_days_30d"] == 0


def test_trends_compare_with_the_window_before(figures: Any) -> None:
    found = figures("2025-03-02", invoices=ROWS)
    assert found["spend_change_30d"] == pytest.approx(275.5 / 100 - 1)  # from 2025-01-31, against from 2025-01-01
    assert found["purchase_days_change_30d"] == 1.0  # 2 days against 1
    assert math.isnan(found["spend_change_60d"])  # reaches back before the first day


def test_a_trend_against_nothing_is_unknown(figures: Any) -> None:
    rows = [{"issued_at": "2025-01-01", "amount": -5}, {"issued_at": "2025-03-01T12:00", "amount": 5}]
    found = figures("2025-03-02", invoices=rows)
    assert math.isnan(found["purchase_days_change_30d"])
    assert math.isnan(found["spend_change_30d"])  # a negative base has no rate of growth


def test_decayed_sums_halve_with_age(figures: Any) -> None:
    rows = [{"issued_at": "2025-03-02", "amount": 8}, {"issued_at": "2025-01-31", "amount": 100}]
    found = figures("2025-04-01", invoices=rows)
    assert found["spend_decayed_30d"] == pytest.approx(8 / 2 + 100 / 4)
    assert found["purchase_days_decayed_30d"] == pytest.approx(0.75)


def test_rates_are_per_thirty_days_since_the_first_invoice(figures: Any) -> None:
    found = figures("2025-04-01", invoices=ROWS)
    assert found["purchase_days_per_month"] == pytest.approx(1.0)  # 3 in 90 days
    assert found["spend_per_month"] == pytest.approx(375.5 / 3)
    young = figures("2025-01-11", invoices=ROWS)
    assert young["purchase_days_per_month"] == 1.0  # ten days count as thirty


def test_a_steady_account_keeps_its_pace_and_its_usual_rate(figures: Any) -> None:
    weekly = [
        {"issued_at": f"{year}-{month:02}-{day:02}T08:00", "amount": 10}
        for year in (2022, 2023, 2024)
        for month in range(1, 13)
        for day in (1, 8, 15, 22, 29)
        if (month, day) != (2, 29)
    ]
    steady = figures("2025-01-01", invoices=weekly)
    assert steady["purchases_pace_30d"] == pytest.approx(1, abs=0.03)
    assert steady["purchase_days_pace_15d"] == pytest.approx(1, abs=0.05)
    assert steady["spend_over_usual_60d"] == pytest.approx(1, abs=0.1)
    silent = figures("2025-03-02", invoices=weekly)
    assert silent["purchases_pace_30d"] == pytest.approx(0.39, abs=0.02)  # a quarter in 60 days against 0.63
    assert silent["spend_over_usual_60d"] == 0


def test_who_only_returned_goods_has_no_pace(figures: Any) -> None:
    found = figures("2025-04-01", invoices=[{"issued_at": "2025-01-01", "amount": -5}])
    assert math.isnan(found["purchases_pace_30d"])
    assert math.isnan(found["spend_over_usual_60d"])


@pytest.mark.parametrize(("as_of", "month", "two_months"), [
    ("2025-01-30", None, None),
    ("2025-01-31", 600, None),
    ("2025-03-01", 305.08, None),
    ("2025-03-02", 300, 600),
    ("2025-05-01", 150, 300),
])  # fmt: skip
def test_a_history_shorter_than_the_window_has_no_average_over_it(
    make_history: Any, as_of: str, month: float | None, two_months: float | None
) -> None:
    rows = [{"issued_at": "2025-01-01", "amount": 600}]
    usual = [fact for fact in facts_for(FEATURES) if fact.name in ("spend_usual_30d", "spend_usual_60d")]
    found = build_features(make_history(invoices=rows), [date.fromisoformat(as_of)], usual).iloc[0]
    for name, expected in (("spend_usual_30d", month), ("spend_usual_60d", two_months)):
        assert found[name] == (pytest.approx(expected, abs=0.005) if expected else pytest.approx(math.nan, nan_ok=True))


def test_the_feature_over_usual_stays_known_of_a_short_history(figures: Any) -> None:
    old = {"account_id": "b", "issued_at": "2024-01-01", "amount": 1}
    found = figures("2025-02-10", invoices=[{"issued_at": "2025-01-01", "amount": 600}, old])
    assert found["spend_over_usual_60d"] == pytest.approx(40 / 60)  # 600 in 60 days, against 600 in 40
