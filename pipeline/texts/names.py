"""Names of people in notes, told by their capitals, by the words before them, and by frequent given names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache

from pipeline.texts.lists import word_list, words_of

_WORD = r"[A-ZÀ-ÖØ-ÞĀ-Ž][^\W\d_]*(?:['’-][^\W\d_]+)*"
_PARTICLE = r"(?:(?:de|van|von|der|den|af|la|le|bin|al|ter|[A-ZÆØÅ]\.) )*"
_CAPITALS = re.compile(rf"\b{_WORD}(?:[ -]{_PARTICLE}{_WORD})*")
_ANY = re.compile(r"[^\W\d_]+")
_MARK = "[name]"
_SHORTEST = 2
_OPENING = "\"“”'(«–- "
_ENDS = ".!?:;\n"


def remove_names(text: str, known: Iterable[str] = ()) -> str:
    """Return the text with [name] in place of names of people, and of each of `known` (names of accounts, contacts).

    Inside a sentence, and after greetings, closings and titles, every capitalised word counts as a name that has no
    other reason for its capital, so that places and products go as well. At the beginning of a sentence, and in texts
    without capitals, or with nothing else, frequent given names do.
    """
    names = tuple(name for name in known if len(name.strip()) >= _SHORTEST)
    if names:
        text = any_of(names).sub(_MARK, text)
    if not text.islower() and not text.isupper():
        return _CAPITALS.sub(_capitals, text)
    if _listed("given").isdisjoint(_ANY.findall(text.lower())):
        return text
    return _ANY.sub(lambda found: _MARK if is_given(found[0]) else found[0], text)


@lru_cache(maxsize=64)
def any_of(names: tuple[str, ...]) -> re.Pattern[str]:
    """Return what finds any of the names as whole words, whatever their capitals; the longest is found first."""
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    return re.compile(rf"(?i)(?<!\w)(?:{'|'.join(re.escape(name.strip()) for name in longest_first)})(?!\w)")


@cache
def _listed(name: str) -> frozenset[str]:
    return frozenset(words_of(word_list("names")[name]))


def is_given(word: str) -> bool:
    """Whether it is a given name and no other word."""
    small = word.lower()
    return small in _listed("given") and small not in _listed("also_words")


def _capitals(found: re.Match[str]) -> str:
    return _without_names(found[0], _begins(found.string, found.start()))


@lru_cache(maxsize=20_000)
def _without_names(run: str, begins: bool) -> str:
    """Replace the names in a run of capitalised words; those at its ends may carry a capital for another reason."""
    words = run.split(" ")
    first, last = 0, len(words)
    while first < last and _has_reason(words[first]):
        first += 1
    while last > first and _has_reason(words[last - 1]):
        last -= 1
    if first == 0 and last and begins:
        # "Mark my words", but "Mark Hall".
        named = words[0].split("'")[0].split("’")[0]
        given = named.lower() in _listed("given") if last > 1 else is_given(named)
        first = 0 if given else 1
    return run if first == last else " ".join([*words[:first], _MARK, *words[last:]])


def _has_reason(word: str) -> bool:
    return len(word) < _SHORTEST or word.isupper() or word.lower() in _listed("capitals")


def _begins(text: str, start: int) -> bool:
    """Whether a sentence begins there; "Mvh. Jens" and "Dr. Marsh" go on."""
    if start > 1 and text[start - 1] == " " and text[start - 2].isalnum():
        return False
    before = text[max(0, start - 24) : start].rstrip(_OPENING)
    if not before:
        return True
    if before[-1] not in _ENDS:
        return False
    words = _ANY.findall(before)
    return not words or words[-1].lower() not in _listed("before_names")
