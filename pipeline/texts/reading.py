"""Reading a note: its words once from left to right, for what it is about and how good or bad it sounds."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from pipeline.texts.language import Language, language_of
from pipeline.texts.names import any_of
from pipeline.texts.numbers import PHONE_REGIONS
from pipeline.texts.patterns import Entry, Patterns
from pipeline.texts.redaction import redact
from pipeline.texts.topics import TOPICS, patterns
from pipeline.texts.valences import small_words, valences, valences_of_either

LONGEST = 4_000
"""Characters that are read of a text: what is longer is a document or a thread of mails, and the newest comes first."""

_TOKEN = re.compile(r"\[[a-z]+\]|[^\W\d_]+(?:['-][^\W\d_]+)*|[.,;:!?\n]")
_BREAKS = frozenset((*".,;:!?\n", "but", "men", "however", "dog"))
_DENIED = frozenset(("no", "without", "zero", "ingen", "uden", "intet"))
_TROUBLES = frozenset(("quality", "support"))
"""Topics that are not there when their word is denied: "no errors", "ingen klager"."""

_NEGATED, _STRONGER, _WEAKER = -0.6, 1.3, 0.6
_REACH = 3
"""Words before a word in which a negation is looked for, up to the last punctuation mark."""

_SMOOTHED = 15.0
"""Valences add up to s, and s / sqrt(s^2 + 15) lies between -1 and 1 (Hutto and Gilbert 2014, VADER)."""


@dataclass(frozen=True)
class Reading:
    """What is kept of a text: how good it sounds from -1 to 1 in hundredths, and its topics in the order of TOPICS."""

    sentiment: float
    topics: tuple[str, ...]


@dataclass(frozen=True)
class Lexicon:
    """What the words of a language say, or of both where a text does not tell which it is in."""

    patterns: Patterns
    negations: frozenset[str]
    stronger: frozenset[str]
    weaker: frozenset[str]
    settled: frozenset[str]


def read_text(text: str, regions: Sequence[str] = PHONE_REGIONS, competitors: Sequence[str] = ()) -> Reading:
    """Return what a text says; names, addresses and numbers are taken out before any word is looked at.

    `regions` are those of telephone numbers without a country code (see `redact`); a text that names one of
    `competitors` is about a competitor. A text without a word that is known gives sentiment 0 and no topics, as do most
    in other languages.
    """
    text = text[:LONGEST]
    topics = {"competitor"} if competitors and any_of(tuple(competitors)).search(text) else set[str]()
    words = _TOKEN.findall(redact(text, (), regions).lower().replace("’", "'"))
    lexicon = lexicon_of(language_of(words))
    of = lexicon.patterns.of
    total = trouble = 0.0
    heard = troubled = 0  # where the last negation that counted, and the last trouble, stand
    past = 0  # where the last phrase ends
    for position, word in enumerate(words):
        entry = of(word)
        if entry is None:
            continue
        valence, length = _said(entry, words, position, topics)
        if not valence or position < past:
            continue
        past = position + length
        factor, heard = _factor(words, position, heard, lexicon)
        if word in lexicon.settled and factor > 0:
            if not _BREAKS.intersection(words[troubled:position]):
                total -= trouble
            trouble = 0.0
        total += valence * factor
        if valence * factor < 0:
            trouble = valence * factor if _BREAKS.intersection(words[troubled:position]) else trouble + valence * factor
            troubled = position
    # Hundredths, so that what is stored does not depend on the last bits of a root.
    sentiment = round(total / math.sqrt(total * total + _SMOOTHED), 2) + 0.0
    return Reading(sentiment, tuple(topic for topic in TOPICS if topic in topics))


@cache
def lexicon_of(language: Language | None) -> Lexicon:
    """Return what words say in a language; None: in either, where both do not contradict one another."""
    languages: tuple[Language, ...] = ("en", "da") if language is None else (language,)
    valued = valences_of_either() if language is None else valences(language)

    def small(what: str) -> frozenset[str]:
        return frozenset[str]().union(*(small_words(each, what) for each in languages))

    return Lexicon(
        Patterns.of_words([*(pair for each in languages for pair in patterns(each)), *valued.items()]),
        small("negations"),
        small("stronger"),
        small("weaker"),
        small("settled"),
    )


def _said(entry: Entry, words: list[str], position: int, topics: set[str]) -> tuple[int, int]:
    """Add the topics of what stands at `position`; return its valence and its length in words: the longest counts."""
    valence, length, about = entry.valence, 1, list(entry.topics)
    if entry.by_second or entry.others:
        for phrase in entry.phrases(words, position):
            if isinstance(phrase.said, str):
                about.append(phrase.said)
            elif len(phrase.rest) >= length:
                valence, length = phrase.said, len(phrase.rest) + 1
    denied = position > 0 and words[position - 1] in _DENIED
    topics.update(topic for topic in about if not (denied and topic in _TROUBLES))
    return valence, length


def _factor(words: list[str], position: int, heard: int, lexicon: Lexicon) -> tuple[float, int]:
    """Return what the words before a word make of its valence, and up to where negations have been heard."""
    if not position:
        return 1.0, heard
    factor, before = 1.0, words[position - 1]
    if before in lexicon.stronger:
        factor = _STRONGER
    elif before in lexicon.weaker:
        factor = _WEAKER
    for place in range(position - 1, max(heard, position - _REACH) - 1, -1):
        if words[place] in _BREAKS:
            break
        if words[place] in lexicon.negations:
            return factor * _NEGATED, place + 1
    return factor, heard
