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


def month_words(month: str, language: str) -> str:
    """Return a month given as YYYY-MM as people write it.

    >>> month_words("2026-03", "en"), month_words("2026-03", "da")
    ('March 2026', 'marts 2026')
    """
    year, number = month.split("-")
    return f"{MONTHS[language][int(number) - 1]} {year}"


def most_likely(month: object, language: str = "en") -> str | None:
    """Return "most likely in March 2026"; None for a blank.

    >>> most_likely("2026-03", "da")
    'mest sandsynligt i marts 2026'
    """
    return MOST_LIKELY[language].format(month=month_words(month, language)) if isinstance(month, str) else None
