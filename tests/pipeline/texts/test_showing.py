"""Which cells a message may quote."""

from __future__ import annotations

import pytest

from pipeline.texts import redact
from pipeline.texts.showing import shown, without_quotes


@pytest.mark.parametrize(
    "text",
    [
        "2025-01-31", "31.01.2025", "2025-01-31 10:30:00", "2025-01-31T10:30:00.123Z", "31-01-2025 10.30", "20250131",
        "31012025", "Jan 31, 2025", "3. marts 2025", "31 jan 2025 10:30", "12,50", "EUR 12.50", "1.234.567,89", "n/a",
        "INV-12", "12 34", "1714521600", "1714521600000",
    ],
)  # fmt: skip
def test_dates_amounts_and_short_codes_are_quoted(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("010190-1234", "[cpr]"),
        ("0101901234", "[phone]"),
        ("1701901234", "[phone]"),
        ("20 12 34 56", "[phone]"),
        ("20123456", "[phone]"),
        ("+45 20 12 34 56", "[phone]"),
        ("Jens Hansen 12", "a text of 14 characters"),
        ("MARIE JENSEN", "a text of 12 characters"),
        ("marie jensen", "a text of 12 characters"),
        ("jan hansen 20 12 34 56", "a text of 22 characters"),
        ("wants to leave soon", "a text of 19 characters"),
    ],
)
def test_what_may_lead_to_a_person_is_not(text: str, told: str) -> None:
    assert shown(text) == told


def test_a_failed_conversion_quotes_neither() -> None:
    assert without_quotes("Could not convert '010190-1234' to DATE") == "Could not convert '[cpr]' to DATE"


def test_given_names_go_from_texts_in_capitals_too() -> None:
    assert redact("TALTE MED MARIE I DAG") == "TALTE MED [name] I DAG"
