from __future__ import annotations

import math
from typing import Any

TICKETS = [
    {"occurred_at": "2025-01-01T00:00", "kind": "ticket", "closed_at": "2025-01-01T12:00"},
    {"occurred_at": "2025-03-01T00:00", "kind": "ticket", "closed_at": "2025-03-03T12:00"},
    {"occurred_at": "2025-03-20T10:00", "kind": "ticket", "closed_at": "2025-06-01T00:00"},
    {"occurred_at": "2025-03-25T10:00", "kind": "ticket", "closed_at": None},
]
SCORES = [
    {"occurred_at": "2025-01-01T08:00", "kind": "nps", "score": 9},
    {"occurred_at": "2025-03-01T08:00", "kind": "nps", "score": 6},
    {"occurred_at": "2025-03-01T12:00", "kind": "nps", "score": 5},
    {"occurred_at": "2025-03-02T12:00", "kind": "nps", "score": None},
]


def test_tickets_are_open_until_their_closing_is_known(figures: Any) -> None:
    found = figures("2025-04-01", interactions=TICKETS)
    assert (found["tickets_open"], found["oldest_open_ticket_days"]) == (2, 12)
    assert figures("2025-06-02", interactions=TICKETS)["tickets_open"] == 1


def test_no_open_ticket_has_no_age(figures: Any) -> None:
    found = figures("2025-02-01", interactions=TICKETS)
    assert found["tickets_open"] == 0
    assert math.isnan(found["oldest_open_ticket_days"])


def test_the_time_to_close_is_in_days_and_fractions(figures: Any) -> None:
    found = figures("2025-04-01", interactions=TICKETS)
    assert found["days_to_close_ticket_mean_90d"] == 1.5  # half a day and two and a half
    assert math.isnan(found["days_to_close_ticket_mean_365d"])  # before the table's first day


def test_the_last_score_is_the_mean_of_its_day(figures: Any) -> None:
    found = figures("2025-04-01", interactions=SCORES)
    assert (found["nps_last"], found["nps_last_change"]) == (5.5, -3.5)
    assert math.isnan(found["csat_last"])
    once = figures("2025-02-01", interactions=SCORES)
    assert (once["nps_last"], math.isnan(once["nps_last_change"])) == (9, True)
    assert figures("2026-01-01", interactions=SCORES)["nps_mean_365d"] == 20 / 3
