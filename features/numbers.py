"""Figures as people write them, in English (1,234.5) and in Danish (1.234,5), by the unit of a feature."""

from __future__ import annotations

_SWAP = str.maketrans(",.", ".,")

_LATE = {
    "en": ("{days} before the due date", "{days} after the due date", "on the due date", "day", "days"),
    "da": ("{days} før forfald", "{days} efter forfald", "på forfaldsdagen", "dag", "dage"),
}
_CHANGE = {"en": ("lower", "higher", "unchanged"), "da": ("lavere", "højere", "uændret")}


def written(number: float, unit: str, currency: str, language: str) -> str:
    """Return a known figure: "EUR 1,240", "38 %", "62 % lower", "3 days before the due date", "2.5".

    `unit` is that of a feature; `currency` is written before an amount, as given.
    """
    if unit in ("money", "money_per_month"):
        return _money(number, currency, language)
    if unit == "share":
        return f"{_local(f'{100 * number:.0f}', language)} %".replace("-0 %", "0 %")
    if unit == "change":
        down, up, still = _CHANGE[language]
        percent = round(100 * number)
        size = _local(f"{abs(percent):,}", language)
        return still if percent == 0 else f"{size} % {up if percent > 0 else down}"
    if unit == "days_late":
        before, after, on, day, days = _LATE[language]
        size = _days(abs(number), language)
        if size == "0":
            return on
        return (before if number < 0 else after).format(days=f"{size} {day if size == '1' else days}")
    return _days(number, language) if unit == "days" else plain(number, language)


def plain(number: float, language: str) -> str:
    """Return up to three digits that matter, whole numbers whole."""
    if number == int(number) or abs(number) >= 100:
        return _local(f"{number:,.0f}", language)
    text = f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}"
    text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else _local(text, language)


def _days(number: float, language: str) -> str:
    return plain(round(number, 1), language)


def _money(number: float, currency: str, language: str) -> str:
    size = f"{abs(number):,.0f}" if abs(number) >= 100 or number == int(number) else f"{abs(number):,.2f}"
    some = any(digit in "123456789" for digit in size)
    return f"{'-' if number < 0 and some else ''}{currency} {_local(size if some else '0', language)}"


def _local(text: str, language: str) -> str:
    return text.translate(_SWAP) if language == "da" else text
