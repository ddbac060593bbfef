"""Phrases in every language, as templates that are filled with an account's figures.

In a template `{value}` stands for the feature's own figure and `{key}` for that of one of its facts. `{day|days}` is
the first word where the figure reads 1, else the second; `{key:day|days}` asks a fact instead. `{moved}` says how the
fact `before` became the fact `now`: "fell from 210 to 84".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Language = Literal["en", "da"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

VALUE = "value"
"""The key of the feature's own figure."""

MOVED = {
    "en": ("fell from {before} to {now}", "rose from {before} to {now}", "stayed at {now}"),
    "da": ("faldt fra {before} til {now}", "steg fra {before} til {now}", "lå stille på {now}"),
}

_PLACE = re.compile(r"{(?:(\w+):)?([^{}|]+)(?:\|([^{}]*))?}")


@dataclass(frozen=True)
class Words:
    """A phrase in English and in Danish. A noun is written "call|calls", or as it is where it has one form."""

    en: str
    da: str

    def __post_init__(self) -> None:
        for language in LANGUAGES:
            if not self.told(language).strip():
                raise ValueError(f"a phrase needs words in every language; {self!r} has none in '{language}'")

    def told(self, language: str) -> str:
        return self.da if language == "da" else self.en

    def put(self, **parts: Words | int | str) -> Words:
        """Return the phrase with `{part}` replaced by each part, in its language."""
        filled = {}
        for language in LANGUAGES:
            text = self.told(language)
            for name, part in parts.items():
                text = text.replace(f"{{{name}}}", part.told(language) if isinstance(part, Words) else str(part))
            filled[language] = text
        return Words(**filled)

    @property
    def counted(self) -> Words:
        """A noun as it stands after a figure: `{call|calls}`."""
        return Words(*(f"{{{noun}}}" if "|" in noun else noun for noun in (self.en, self.da)))

    @property
    def one(self) -> Words:
        """The singular of a noun."""
        return Words(self.en.split("|")[0], self.da.split("|")[0])

    @property
    def many(self) -> Words:
        """The plural of a noun."""
        return Words(self.en.split("|")[-1], self.da.split("|")[-1])

    def keys(self) -> frozenset[str]:
        """Return the keys of the figures that the phrase needs."""
        named = set[str]()
        for language in LANGUAGES:
            for key, word, other in _PLACE.findall(self.told(language)):
                named |= {key or VALUE} if other else {"before", "now"} if word == "moved" else {word}
        return frozenset(named)


def fill(words: Words, language: str, shown: Mapping[str, str], fell: bool = False) -> str:
    """Return the phrase with the figures as shown, by key; `fell` tells which way `{moved}` went."""

    def place(found: re.Match[str]) -> str:
        key, word, other = found.groups()
        if other is not None:
            return word if shown[key or VALUE] == "1" else other
        return _moved(language, shown, fell) if word == "moved" else shown[word]

    return _PLACE.sub(place, words.told(language))


def _moved(language: str, shown: Mapping[str, str], fell: bool) -> str:
    down, up, still = MOVED[language]
    said = still if shown["now"] == shown["before"] else down if fell else up
    return said.format(now=shown["now"], before=shown["before"])
