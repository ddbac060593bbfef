"""Whether a note is in Danish or in English, told by the small words that only one of them has."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Literal

from pipeline.texts.lists import word_list, words_of

Language = Literal["en", "da"]

_LETTERS = frozenset("æøå")


def language_of(words: Iterable[str]) -> Language | None:
    """Return the language of a text's words in small letters; None where as much speaks for one as for the other."""
    different = set(words)
    score = 2 * (len(different & _own("da")) - len(different & _own("en")))
    score += sum(1 for word in different if not word.isascii() and not _LETTERS.isdisjoint(word))
    return "da" if score > 0 else "en" if score < 0 else None


@cache
def _own(language: Language) -> frozenset[str]:
    return frozenset(words_of(word_list("small_words")[language]["own"]))
