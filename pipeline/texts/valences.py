"""How good or bad words are, from -5 to 5: AFINN's lists, and what they lack of account management (valences.toml).

AFINN's were made from short messages of the public: F. Å. Nielsen, "A new ANEW: evaluation of a word list for
sentiment analysis in microblogs", 2011 (package afinn, Apache 2.0). Its Danish list says that "sag" (a case) is bad
and "bad" (asked) good: what means something else between a firm and its accounts is set in our own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pipeline.texts.language import Language
from pipeline.texts.lists import word_list, words_of

_FILES: Mapping[Language, str] = {"en": "AFINN-en-165.txt", "da": "AFINN-da-32.txt"}


@cache
def valences(language: Language) -> Mapping[str, int]:
    """Return word or phrase -> valence; 0 for what AFINN has and says nothing here."""
    from afinn import Afinn  # noqa: PLC0415 - only rows with texts need it

    reader = Afinn.__new__(Afinn)  # its constructor builds an expression of all words, which nothing here uses
    listed = reader.read_word_file(reader.full_filename(_FILES[language]))
    ours = {word: int(value) for value, told in word_list("valences")[language].items() for word in words_of(told)}
    return listed | ours


@cache
def valences_of_either() -> Mapping[str, int]:
    """Return the valences of both languages, without the words of which they say different things."""
    english, danish = valences("en"), valences("da")
    return {
        word: value
        for word, value in {**english, **danish}.items()
        if english.get(word, value) == danish.get(word, value)
    }


def small_words(language: Language, what: str) -> frozenset[str]:
    """Return the "negations", words that make the next one "stronger" or "weaker", or that say trouble is "settled"."""
    return frozenset(words_of(word_list("small_words")[language][what]))
