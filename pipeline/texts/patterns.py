"""Finding words and phrases among a text's words: each word is looked up once and remembered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

Said = str | int
"""What a pattern stands for: a topic, or a valence."""

_REMEMBERED = 100_000
_SHORTEST = 2
"""Letters that stand before or after a * at least."""


@dataclass(frozen=True)
class Phrase:
    """A phrase by the words after its first: each a word, a beginning with *, or a lone * for any word."""

    rest: tuple[str, ...]
    said: Said

    def follows(self, words: list[str], position: int) -> bool:
        """Whether the rest of the phrase stands after the word at `position`."""
        place = position
        if place + len(self.rest) >= len(words):
            return False
        for wanted in self.rest:
            place += 1
            if words[place] != wanted and not (wanted[-1] == "*" and words[place].startswith(wanted[:-1])):
                return False
        return True


@dataclass(frozen=True)
class Entry:
    """What a word says alone, and the phrases that may begin with it: by their second word, and those without one."""

    topics: tuple[str, ...]
    valence: int
    by_second: dict[str, list[Phrase]]
    others: tuple[Phrase, ...]

    def phrases(self, words: list[str], position: int) -> list[Phrase]:
        """Return the phrases that stand at `position`."""
        found = []
        if self.by_second and position + 1 < len(words):
            found = [p for p in self.by_second.get(words[position + 1], ()) if p.follows(words, position)]
        if self.others:
            found += [phrase for phrase in self.others if phrase.follows(words, position)]
        return found


@dataclass
class Patterns:
    """Words ("price"), beginnings ("pris*"), endings ("*pris") and phrases ("cut costs", "only * log in")."""

    _exact: dict[str, list[Said]] = field(default_factory=dict)
    _beginnings: dict[str, list[Said]] = field(default_factory=dict)
    _endings: dict[str, list[Said]] = field(default_factory=dict)
    _phrases: dict[str, list[Phrase]] = field(default_factory=dict)
    _known: dict[str, Entry | None] = field(default_factory=dict, repr=False)

    @classmethod
    def of_words(cls, pairs: Iterable[tuple[str, Said]]) -> Patterns:
        """Return the patterns of (pattern, what it stands for) pairs."""
        made = cls()
        for pattern, said in pairs:
            first, *rest = pattern.split()
            if rest:
                made._phrases.setdefault(first, []).append(Phrase(tuple(rest), said))
            elif first.endswith("*"):
                made._beginnings.setdefault(first[:-1], []).append(said)
            elif first.startswith("*"):
                made._endings.setdefault(first[1:], []).append(said)
            else:
                made._exact.setdefault(first, []).append(said)
        return made

    def of(self, word: str) -> Entry | None:
        """Return what a word says; None for nothing, as most words do."""
        try:
            return self._known[word]
        except KeyError:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[word] = found = self._entry(word)
            return found

    def _entry(self, word: str) -> Entry | None:
        said = list(self._exact.get(word, ()))
        for length in range(_SHORTEST, len(word) + 1):
            said += (*self._beginnings.get(word[:length], ()), *self._endings.get(word[-length:], ()))
        by_second: dict[str, list[Phrase]] = {}
        others = []
        for phrase in self._phrases.get(word, ()):
            if phrase.rest[0].endswith("*"):
                others.append(phrase)
            else:
                by_second.setdefault(phrase.rest[0], []).append(phrase)
        if not (said or by_second or others):
            return None
        topics = tuple(dict.fromkeys(each for each in said if isinstance(each, str)))
        return Entry(topics, next((each for each in said if isinstance(each, int)), 0), by_second, tuple(others))
