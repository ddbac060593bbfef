"""Features in plain language: the declared phrase with an account's figure."""

from __future__ import annotations

import math

from features.spec import Feature
from features.topics import TOPICS


def say(feature: Feature, value: object, currency: str) -> str:
    """Return the feature's phrase with the account's figure in it, or the phrase for an unknown figure.

    "3 invoices in the last 90 days", "EUR 1,240 overdue", "logins 62 % lower in the last 30 days than in the 30
    before". `value` is a number, or a text for an attribute; None and NaN are unknown.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return feature.unknown
    shown = figure(feature, value, currency)
    return feature.words.format(value=shown, s="" if shown == "1" or isinstance(value, str) else "s")


def figure(feature: Feature, value: object, currency: str) -> str:
    """Return a known figure alone, as `say` writes it."""
    if feature.unit == "category" or isinstance(value, str):
        return str(value)
    return _figure(float(value), feature.unit, currency)  # type: ignore[arg-type]


def _figure(number: float, unit: str, currency: str) -> str:
    if unit in ("money", "money_per_month"):
        return _money(number, currency)
    if unit == "share":
        return f"{100 * number:.0f} %"
    if unit == "change":
        percent = round(100 * number)
        if percent == 0:
            return "neither higher nor lower"
        if percent > 1000:
            return "more than 10 times higher"  # the exact figure only says that it was next to nothing before
        return f"{percent:,} % higher" if percent > 0 else f"{-percent:,} % lower"
    return _number(number)


def _money(number: float, currency: str) -> str:
    whole = f"{abs(number):,.0f}" if abs(number) >= 100 or number == int(number) else f"{abs(number):,.2f}"
    return f"-{currency} {whole}" if number < 0 and float(whole.replace(",", "")) else f"{currency} {whole}"


def _number(number: float) -> str:
    """Return up to three digits that matter, whole numbers whole."""
    if number == int(number) or abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}".rstrip("0").rstrip(".")


def topic_words(topic: str, language: str = "en") -> str:
    """Return the name of a topic in a language: `topic_words("tickets", "da")` is "supportsager"."""
    return TOPICS[topic][language]
