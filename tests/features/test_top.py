from __future__ import annotations

import math
from typing import Any

INVOICES = [
    {"issued_at": "2024-01-01", "amount": 1000, "product": "old"},
    {"issued_at": "2025-01-10", "amount": 30, "product": "tea"},
    {"issued_at": "2025-02-10", "amount": 30, "product": "tea"},
    {"issued_at": "2025-02-11", "amount": 40, "product": "mug"},
    {"issued_at": "2025-02-12", "amount": 900, "product": None},
    {"issued_at": "2025-02-13", "amount": -90, "product": "tea"},
]
TALKS = [
    {"occurred_at": "2024-01-01T10:00", "kind": "call", "contact_id": "ann"},
    {"occurred_at": "2025-02-01T10:00", "kind": "call", "contact_id": "bo"},
    {"occurred_at": "2025-02-02T10:00", "kind": "email", "contact_id": "bo"},
    {"occurred_at": "2025-02-03T10:00", "kind": "email", "contact_id": "cy"},
    {"occurred_at": "2025-02-04T10:00", "kind": "ticket", "contact_id": None},
]


def test_the_largest_product_of_the_last_year(figures: Any) -> None:
    # 60 of 100: not the product of the year before, nor what was credited, nor what names no product.
    assert figures("2025-03-01", invoices=INVOICES)["top_product_share_365d"] == 0.6


def test_a_window_before_the_first_day_is_unknown(figures: Any) -> None:
    assert math.isnan(figures("2024-06-01", invoices=INVOICES)["top_product_share_365d"])


def test_the_most_frequent_contact(figures: Any) -> None:
    assert figures("2025-03-01", interactions=TALKS)["top_contact_share_365d"] == 2 / 3
    assert math.isnan(figures("2026-03-01", interactions=TALKS)["top_contact_share_365d"])


def test_the_mix_of_interactions(figures: Any) -> None:
    found = figures("2025-03-01", interactions=TALKS)
    shares = [found[f"{kind}_share_90d"] for kind in ("call", "meeting", "email", "ticket", "login")]
    assert shares == [0.25, 0, 0.5, 0.25, 0]
    assert math.isnan(figures("2026-03-01", interactions=TALKS)["call_share_90d"])


def test_the_share_of_purchases_credited(figures: Any) -> None:
    found = figures("2025-03-01", invoices=INVOICES)
    assert (found["credited_share_90d"], found["credited_share_365d"]) == (0.09, 0.09)
