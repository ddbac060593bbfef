from __future__ import annotations

import math
from typing import Any

import pytest

LINE = {"started_at": "2024-01-01", "mrr": 100, "subscription_id": "s", "product": "p", "seats": 10}
RAISED = {**LINE, "started_at": "2025-01-15", "mrr": 150, "seats": 12}
SECOND = {"started_at": "2025-02-01", "mrr": 30, "subscription_id": "t", "product": "q", "seats": 1}


def test_mrr_and_seats_now_and_against_windows_ago(figures: Any) -> None:
    found = figures("2025-03-01", subscriptions=[LINE, RAISED, SECOND])
    assert (found["mrr"], found["seats"], found["lines"], found["products"]) == (180, 13, 2, 2)
    assert found["mrr_change_90d"] == pytest.approx(0.8)
    assert found["mrr_change_30d"] == pytest.approx(0.2)  # 150 on 2025-01-30
    assert found["seats_change_90d"] == pytest.approx(0.3)
    assert found["lines_change_365d"] == 1
    assert found["mrr_per_seat"] == pytest.approx(180 / 13)
    assert found["mrr_per_seat_change_365d"] == pytest.approx(180 / 13 / 10 - 1)
    assert (found["oldest_line_days"], found["days_since_contract_change"]) == (425, 28)


def test_a_termination_counts_from_the_day_notice_was_given(figures: Any) -> None:
    ending = {**LINE, "ended_at": "2025-06-01", "end_known_at": "2025-03-10T09:00"}
    before = figures("2025-03-10", subscriptions=[ending])
    assert (before["mrr"], before["mrr_under_notice"]) == (100, 0)
    after = figures("2025-03-11", subscriptions=[ending])
    assert (after["mrr"], after["mrr_under_notice"]) == (100, 100)
    ended = figures("2025-06-01", subscriptions=[ending])
    assert (ended["mrr"], ended["mrr_under_notice"], ended["lines"]) == (0, 0, 0)
    assert ended["mrr_change_30d"] == -1
    assert math.isnan(ended["oldest_line_days"])


def test_change_from_nothing_is_unknown(figures: Any) -> None:
    found = figures("2025-03-01", subscriptions=[{**LINE, "account_id": "b"}, {**LINE, "started_at": "2025-02-20"}])
    assert math.isnan(found["mrr_change_30d"])
    assert found["mrr"] == 100


def test_dates_ahead_are_the_nearest_ones_not_passed(figures: Any) -> None:
    dated = {**LINE, "renews_at": "2025-12-31", "notice_by": "2025-02-01", "auto_renew": True}
    other = {**SECOND, "renews_at": "2025-04-01", "notice_by": "2025-03-01", "auto_renew": False}
    found = figures("2025-03-01", subscriptions=[dated, other])
    assert (found["days_to_renewal"], found["days_to_notice"]) == (31, 0)
    assert found["auto_renew_share"] == 0.5
    assert math.isnan(figures("2025-03-02", subscriptions=[dated, other])["days_to_notice"])


def test_products_held_are_those_not_known_to_have_ended(figures: Any) -> None:
    rows = [
        {"product": "p", "started_at": "2025-01-01", "ended_at": "2025-02-01T00:00"},
        {"product": "q", "started_at": "2025-01-01", "ended_at": None},
        {"product": "q", "started_at": "2025-01-05", "ended_at": None},
        {"product": "r", "started_at": "2025-04-01", "ended_at": None, "known_at": "2025-01-01"},
    ]
    assert figures("2025-02-01", holdings=rows)["holdings"] == 2
    assert figures("2025-02-02", holdings=rows)["holdings"] == 1


def test_mrr_that_rises_without_more_seats_or_lines_is_a_price_rise_whatever_the_product(figures: Any) -> None:
    dearer = {**LINE, "started_at": "2025-01-15", "mrr": 150}
    swapped = {**dearer, "subscription_id": "t", "product": "q", "seats": 8}
    gone = {**LINE, "ended_at": "2025-01-15"}
    for rows in ([LINE, dearer], [gone, swapped]):
        found = figures("2025-03-01", subscriptions=rows)
        assert found["price_rise_last"] == pytest.approx(0.5)
        assert math.isnan(found["mrr_growth_last"])
    found = figures("2025-03-01", subscriptions=[LINE, RAISED])
    assert math.isnan(found["price_rise_last"])
    assert found["mrr_growth_last"] == pytest.approx(0.5)
