from __future__ import annotations

import math
from typing import Any

import pytest

ROWS = [
    {"issued_at": "2025-01-01", "amount": 100, "due_at": "2025-01-31", "paid_at": "2025-01-31T18:00"},
    {"issued_at": "2025-01-02", "amount": 200, "due_at": "2025-02-01", "paid_at": "2025-02-04T08:00"},
    {"issued_at": "2025-02-01", "amount": 300, "due_at": "2025-03-01", "paid_at": "2025-03-21T08:00"},
    {"issued_at": "2025-03-01", "amount": 400, "due_at": "2025-03-20", "paid_at": None},
]


def test_an_invoice_is_overdue_from_the_day_after_it_was_due(figures: Any) -> None:
    on_the_day = figures("2025-03-01", invoices=ROWS)
    assert (on_the_day["overdue_amount"], on_the_day["open_amount"]) == (0, 300)
    assert math.isnan(on_the_day["days_overdue"])
    after = figures("2025-03-02", invoices=ROWS)
    assert (after["overdue_amount"], after["overdue_rows"], after["days_overdue"]) == (300, 1, 1)
    assert after["open_amount"] == 300  # the invoice of 2025-03-01 is known at the next midnight, which is not before
    assert figures("2025-03-03", invoices=ROWS)["open_amount"] == 700


def test_a_payment_counts_once_it_came(figures: Any) -> None:
    before = figures("2025-03-21", invoices=ROWS)
    assert (before["overdue_amount"], before["days_overdue"]) == (700, 20)
    after = figures("2025-03-22", invoices=ROWS)
    assert (after["overdue_amount"], after["days_overdue"]) == (400, 2)


def test_payment_on_the_due_day_is_in_time(figures: Any) -> None:
    found = figures("2025-02-10", invoices=ROWS)
    assert found["share_paid_late_all"] == 0.5
    assert found["days_paid_late_mean_all"] == 1.5  # 0 and 3 days
    later = figures("2025-04-01", invoices=ROWS)
    assert later["share_paid_late_90d"] == pytest.approx(2 / 3)


def test_nothing_paid_has_no_share_paid_late(figures: Any) -> None:
    assert math.isnan(figures("2025-04-01", invoices=ROWS[3:])["share_paid_late_all"])


def test_a_credit_note_is_never_overdue(figures: Any) -> None:
    rows = [{"issued_at": "2025-01-01", "amount": -50, "due_at": "2025-01-02", "paid_at": None}]
    assert figures("2025-02-01", invoices=rows)["overdue_amount"] == 0
