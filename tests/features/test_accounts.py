from __future__ import annotations

import math
from datetime import date
from typing import Any

from pipeline.settings import AccountSettings


def test_tenure_and_the_days_since_the_last_anniversary(figures: Any) -> None:
    found = figures("2025-03-01", accounts=[{"opened_at": "2024-02-20"}])
    assert (found["days_since_opened"], found["days_since_anniversary"]) == (375, 10)


def test_history_is_observed_from_the_first_row_of_any_table(figures: Any) -> None:
    invoices = [{"issued_at": "2025-02-01", "amount": 1}]
    interactions = [{"occurred_at": "2025-01-30", "kind": "call"}, {"occurred_at": "2025-05-01", "kind": "call"}]
    assert figures("2025-03-01", invoices=invoices, interactions=interactions)["days_observed"] == 30
    assert math.isnan(figures("2025-03-01", accounts=[{"opened_at": "2024-02-20"}])["days_observed"])


def test_an_attribute_is_the_one_known_at_as_of(figures: Any) -> None:
    accounts = [
        {"segment": "small", "known_at": "2025-01-01T00:00"},
        {"segment": "large", "known_at": "2025-02-01T00:00"},
        {"account_id": "b", "segment": None, "known_at": "2025-02-01T00:00"},
    ]
    wanted = AccountSettings(features=("segment",))
    assert figures("2025-02-01", settings=wanted, accounts=accounts)["segment"] == "small"
    assert figures("2025-02-02", settings=wanted, accounts=accounts)["segment"] == "large"
    assert figures("2025-02-02", account="b", settings=wanted, accounts=accounts)["segment"] is None


def test_an_attribute_declared_constant_needs_no_known_at(figures: Any) -> None:
    wanted = AccountSettings(features=("country",), constant=("country",))
    accounts = [{"opened_at": "2024-02-20", "country": "DK"}]
    assert figures("2025-02-01", settings=wanted, accounts=accounts)["country"] == "DK"
    assert figures(str(date(2024, 2, 20)), settings=wanted, accounts=accounts) == {}  # known from the next midnight
