from __future__ import annotations

import math
from typing import Any

ROWS: list[dict[str, Any]] = [
    {"occurred_at": "2025-01-01T08:00", "kind": "login", "contact_id": "x"},
    {"occurred_at": "2025-03-01T08:00", "kind": "login", "contact_id": "x"},
    {"occurred_at": "2025-03-01T09:00", "kind": "login", "contact_id": "y"},
    {"occurred_at": "2025-03-24T08:00", "kind": "usage", "quantity": 12.5},
    {"occurred_at": "2025-03-26T08:00", "kind": "usage", "quantity": 7.5},
    {"occurred_at": "2025-03-27T08:00", "kind": "call", "quantity": 20, "contact_id": "x"},
    {"occurred_at": "2025-03-28T08:00", "kind": "webinar"},
    {"occurred_at": "2025-04-10T10:00", "kind": "meeting", "known_at": "2025-03-01T10:00"},
    {"occurred_at": "2025-04-20T10:00", "kind": "meeting", "known_at": "2025-03-02T10:00"},
]


def test_kinds_are_counted_each_and_together(figures: Any) -> None:
    found = figures("2025-04-01", interactions=ROWS)
    assert (found["logins_7d"], found["logins_90d"], found["login_days_90d"]) == (0, 3, 2)
    assert (found["interactions_7d"], found["interactions_all"], found["interaction_days_7d"]) == (3, 7, 3)
    assert (found["usage_7d"], found["usage_90d"], found["call_minutes_30d"]) == (7.5, 20, 20)
    assert (found["kinds_30d"], found["contacts_90d"], found["contacts_30d"]) == (3, 2, 1)
    assert (found["emails_90d"], found["calls_30d"]) == (0, 1)


def test_a_booked_meeting_counts_among_bookings_only(figures: Any) -> None:
    found = figures("2025-04-01", interactions=ROWS)
    assert (found["meetings_booked"], found["days_to_meeting"]) == (2, 9)
    assert found["meetings_90d"] == 0
    assert math.isnan(found["days_since_meeting"])
    held = figures("2025-04-11", interactions=ROWS)
    assert (held["meetings_booked"], held["meetings_30d"], held["days_since_meeting"]) == (1, 1, 1)


def test_a_booking_that_was_cancelled_is_gone_from_then_on(figures: Any) -> None:
    rows = [{**ROWS[-1], "cancelled_at": "2025-03-20T10:00"}, {**ROWS[0], "cancelled_at": None}]
    assert figures("2025-03-20", interactions=rows)["meetings_booked"] == 1
    assert figures("2025-03-21", interactions=rows)["meetings_booked"] == 0


def test_recency_is_in_whole_days_and_unknown_without_a_row(figures: Any) -> None:
    found = figures("2025-04-01", interactions=ROWS)
    assert (found["days_since_login"], found["days_since_interaction"]) == (31, 4)
    assert found["days_since_first_interaction"] == 90
    assert math.isnan(found["days_since_nps"])


def test_a_row_known_late_counts_from_when_it_is_known_at_the_day_it_occurred(figures: Any) -> None:
    rows = [ROWS[0], {"occurred_at": "2025-03-20T08:00", "kind": "login", "known_at": "2025-03-30T08:00"}]
    assert figures("2025-03-30", interactions=rows)["logins_30d"] == 0
    assert figures("2025-03-31", interactions=rows)["days_since_login"] == 11


def test_logins_of_the_last_window_against_the_one_before(figures: Any) -> None:
    found = figures("2025-03-31", interactions=ROWS[:3])
    assert found["logins_change_30d"] != found["logins_change_30d"]  # nothing before: unknown
    assert figures("2025-04-15", interactions=ROWS[:3])["logins_change_30d"] == -1
