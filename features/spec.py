"""Declarations of features. A family over all its windows is one line, for example

    Aggregate("call_minutes", "interactions", "sum", Words("minute of calls|minutes of calls", "minuts opkald"),
              column="quantity", where=kind("call"), windows=(7, 30, 90, 365))

which becomes `call_minutes_7d` to `call_minutes_365d`; `catalogue` lists what all of them become.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from features.measures import How, Measure, Reads, Windowed
from features.topics import BY_TABLE, TOPICS
from features.where import ANY, Where
from features.words import VALUE, Words
from pipeline.tables import SCALE

Unit = Literal[
    "count", "days", "days_late", "money", "number", "share", "ratio", "change", "per_month", "money_per_month",
    "category",
]  # fmt: skip

ALL = None
"""The window of all history."""

Window = int | None


@dataclass(frozen=True)
class Fact:
    """A figure that a phrase shows under `key`, built like a feature but not read by models."""

    key: str
    name: str
    unit: Unit
    measure: Measure


@dataclass(frozen=True)
class Feature:
    """One column that models read.

    `window` is in days, None where a feature looks at all history or at now; `empty` is what an account without any
    row gets, None for unknown (NaN). `words` is the phrase for people (see `features.words`), `unknown` the one when a
    figure in it is not known. `facts` are the further figures in `words`. `topic` is one of TOPICS.
    """

    name: str
    family: str
    topic: str
    table: str
    window: Window
    unit: Unit
    empty: float | None
    words: Words
    unknown: Words
    measure: Measure
    facts: tuple[Fact, ...] = ()

    def __post_init__(self) -> None:
        if self.topic not in TOPICS:
            raise ValueError(f"{self.name}: topic {self.topic!r} is not one of {', '.join(TOPICS)}")
        if strange := self.words.keys() - {VALUE, *(fact.key for fact in self.facts)}:
            raise ValueError(f"{self.name}: its words ask for {', '.join(sorted(strange))}, which is none of its facts")

    @property
    def reads(self) -> Reads:
        """The (table, column) pairs without which it is left out."""
        return self.measure.reads


@dataclass(frozen=True)
class Aggregate:
    """Counts, distinct days, sums, means or distinct values over windows: `<what>_<days>d` and `<what>_all`.

    `words` is what is counted, Words("call|calls", "opkald"), or a whole phrase with {value} in it; `none`
    says that there is none where "no calls" ("ingen opkald") would be wrong.
    """

    what: str
    table: str
    how: How
    words: Words
    column: str = ""
    where: Where = ANY
    windows: tuple[Window, ...] = (30, 90, 365, ALL)
    unit: Unit = "count"
    family: str = "volume"
    scale: int = SCALE
    topic: str = ""
    none: Words | None = None

    def measure(self, window: Window, back: int = 0) -> Windowed:
        return Windowed(self.table, self.how, self.column, self.where, window, back, self.scale)

    @property
    def about(self) -> str:
        """The topic: the one given, else that of the table."""
        return self.topic or BY_TABLE[self.table]

    @property
    def nothing(self) -> Words:
        """That there is none: "no calls"."""
        return self.none or Words("no {what}", "ingen {what}").put(what=self.words.many)

    def fact(self, key: str, window: Window, back: int = 0) -> Fact:
        """Return a window's figure as a fact; the window that ends `back` days ago is `<what>_<days>d_before`."""
        name = f"{self.what}_{ending(window)}" + ("_before" if back else "")
        return Fact(key, name, self.unit, self.measure(window, back))

    def features(self) -> tuple[Feature, ...]:
        empty = None if self.how == "mean" else 0.0
        noun = "{value}" not in self.words.en
        phrase = figured(self.words, self.unit) if noun else self.words
        subject = self.words.many if noun else TOPICS[self.about]
        return tuple(
            Feature(
                f"{self.what}_{ending(window)}",
                self.family,
                self.about,
                self.table,
                window,
                self.unit,
                empty,
                with_span(phrase, window),
                NOT_KNOWN.put(what=with_span(subject, window)),
                self.measure(window),
            )
            for window in self.windows
        )


@dataclass(frozen=True)
class Derived:
    """One feature from any measure."""

    name: str
    measure: Measure
    words: Words
    unit: Unit = "number"
    family: str = "value"
    window: Window = ALL
    empty: float | None = None
    unknown: Words | None = None
    topic: str = ""
    facts: tuple[Fact, ...] = ()

    def feature(self) -> Feature:
        table = self.measure.reads[0][0] if self.measure.reads else ""
        topic = self.topic or BY_TABLE[table]
        unknown = self.unknown or NOT_KNOWN.put(what=TOPICS[topic])
        return Feature(
            self.name, self.family, topic, table, self.window, self.unit, self.empty, self.words, unknown, self.measure,
            self.facts,
        )  # fmt: skip

    def features(self) -> tuple[Feature, ...]:
        return (self.feature(),)


class Declaration(Protocol):
    """Anything that becomes features."""

    def features(self) -> tuple[Feature, ...]: ...


def expand(declarations: Iterable[Declaration]) -> tuple[Feature, ...]:
    """Return the features that declarations become, in their order."""
    return tuple(feature for declaration in declarations for feature in declaration.features())


def ending(window: Window) -> str:
    """Return how the name of a feature ends: 30d, or all."""
    return "all" if window is ALL else f"{window}d"


NOT_KNOWN = Words("{what}: not known", "{what}: ukendt")


def figured(noun: Words, unit: Unit) -> Words:
    """Return the phrase of a counted noun: "{value} {call|calls}", of an amount "net spend of {value}"."""
    if unit in ("money", "money_per_month"):
        return Words("{noun} of {value}", "{noun} for {value}").put(noun=noun.many)
    return Words("{value} {noun}", "{value} {noun}").put(noun=noun.counted)


def with_span(words: Words, window: Window) -> Words:
    """Return a phrase with its window in words, in place of {span} or at the end."""
    placed = words if "{span}" in words.en else Words("{words} {span}", "{words} {span}").put(words=words)
    return placed.put(span=span(window))


def span(window: Window) -> Words:
    """Return the window in words."""
    if window is ALL:
        return Words("in all", "i alt")
    return Words("in the last {days} days", "de seneste {days} dage").put(days=window)
