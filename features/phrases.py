"""Features in plain language: the declared phrase with an account's figures in it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from features.numbers import written
from features.spec import Fact, Feature
from features.topics import TOPICS
from features.words import VALUE, fill

Value = float | str | None


@dataclass(frozen=True)
class Shown:
    """A figure of the account as it stands in a text."""

    feature: str
    value: Value
    shown: str


@dataclass(frozen=True)
class Told:
    """A feature in words, and every figure of the account that stands in them."""

    text: str
    figures: tuple[Shown, ...]
    known: bool = True
    against: float | None = None
    """By how much a figure exceeds the account's other one that the text compares it with; 0 where both read alike."""


def tell(feature: Feature, values: Mapping[Any, Any], currency: str, language: str = "en") -> Told:
    """Return the feature's phrase with the account's figures in it, or the phrase for an unknown figure.

    "3 invoices in the last 90 days", "EUR 1,240 overdue, the oldest for 34 days", "logins fell from 210 to 84, last 90
    days against the 90 before". `values` holds the feature's own figure and its facts by name; None and NaN are
    unknown, and so is a fact that is absent.
    """
    asked = _asked(feature)
    known = {key: value for key, part in asked.items() if (value := known_value(values.get(part.name))) is not None}
    if len(known) < len(asked):
        own = Shown(feature.name, known_value(values.get(feature.name)), feature.unknown.told(language))
        return Told(own.shown, (own,), known=False)
    shown = {key: figure(part, known[key], currency, language) for key, part in asked.items()}
    pair = next((pair for pair in _COMPARED if {*pair} <= {*known}), None)
    against = None if pair is None else known[pair[0]] - known[pair[1]] if shown[pair[0]] != shown[pair[1]] else 0.0
    text = fill(feature.words, language, shown, fell=against is not None and against < 0)
    return Told(text, tuple(Shown(part.name, known[key], shown[key]) for key, part in asked.items()), against=against)


_COMPARED = (("now", "before"), ("now", "usual"), ("since", "gap"))
"""Keys of facts of which a phrase compares the first with the second."""


def figure(feature: Feature | Fact, value: float | str, currency: str, language: str = "en") -> str:
    """Return a known figure alone, as `tell` writes it."""
    if feature.unit == "category" or isinstance(value, str):
        return str(value)
    return written(float(value), feature.unit, currency, language)


def topic_words(topic: str, language: str = "en") -> str:
    """Return the name of a topic in a language: `topic_words("tickets", "da")` is "supportsager"."""
    return TOPICS[topic].told(language)


def known_value(value: Any) -> Any:
    """Return a plain number or text, None where it is unknown."""
    if value is None or isinstance(value, str):
        return value
    return None if math.isnan(value) else float(value)


def _asked(feature: Feature) -> dict[str, Feature | Fact]:
    """Return what the phrase shows, by key: the feature's own figure and its facts, as far as it names them."""
    keys = feature.words.keys()
    own: dict[str, Feature | Fact] = {VALUE: feature} if VALUE in keys else {}
    return own | {fact.key: fact for fact in feature.facts if fact.key in keys}
