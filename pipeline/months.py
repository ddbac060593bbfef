"""Months as people name them."""

from __future__ import annotations

MONTHS = {
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
    "da": (
        "januar", "februar", "marts", "april", "maj", "juni",
        "juli", "august", "september", "oktober", "november", "december",
    ),
}  # fmt: skip

MOST_LIKELY = {"en": "most likely in {month}", "da": "mest sandsynligt i {month}"}

SILENCE = {
    "en": "{days} days without an invoice most likely complete in {month}",
    "da": "{days} dage uden faktura mest sandsynligt fuldendt i {month}",
}


def month_words(month: str, language: str) -> str:
    """Return a month given as YYYY-MM as people write it.

    >>> month_words("2026-03", "en"), month_words("2026-03", "da")
    ('March 2026', 'marts 2026')
    """
    year, number = month.split("-")
    return f"{MONTHS[language][int(number) - 1]} {year}"


def most_likely(month: object, language: str = "en", silent_days: int = 0) -> str | None:
    """Return "most likely in March 2026"; None for a blank. `silent_days`: of an event that so many days make.

    >>> most_likely("2026-03", "da")
    'mest sandsynligt i marts 2026'
    >>> most_likely("2026-03", silent_days=60)
    '60 days without an invoice most likely complete in March 2026'
    """
    if not isinstance(month, str):
        return None
    words = SILENCE if silent_days else MOST_LIKELY
    return words[language].format(month=month_words(month, language), days=silent_days)
