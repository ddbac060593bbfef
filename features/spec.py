"""Declarations of features. A family over all its windows is one line, for example

    Aggregate("call_minutes", "interactions", "sum", "{value} minutes of calls", column="quantity", where=kind("call"),
              windows=(7, 30, 90, 365))

which becomes `call_minutes_7d` to `call_minutes_365d`; `catalogue` lists what all of them become.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from features.evaluation import Measure, Reads
from features.measures import How, Windowed
from features.topics import BY_TABLE, TOPICS
from features.where import ANY, Where
from pipeline.tables import SCALE

Unit = Literal[
    "count", "days", "money", "number", "share", "ratio", "change", "per_month", "money_per_month", "category"
]

ALL = None
"""The window of all history."""

Window = int | None


@dataclass(frozen=True)
class Feature:
    """One column that models read.

    `window` is in days, None where a feature looks at all history or at now; `empty` is what an account without any
    row gets, None for unknown (NaN). `words` is the phrase for people: `{value}` takes the figure, `{s}` the plural's
    ending. `unknown` is the phrase when there is no figure. `topic` is one of TOPICS.
    """

    name: str
    family: str
    topic: str
    table: str
    window: Window
    unit: Unit
    empty: float | None
    words: str
    unknown: str
    measure: Measure

    def __post_init__(self) -> None:
        if self.topic not in TOPICS:
            raise ValueError(f"{self.name}: topic {self.topic!r} is not one of {', '.join(TOPICS)}")

    @property
    def reads(self) -> Reads:
        """The (table, column) pairs without which it is left out."""
        return self.measure.reads


@dataclass(frozen=True)
class Aggregate:
    """Counts, distinct days, sums, means or distinct values over windows: `<what>_<days>d` and `<what>_all`."""

    what: str
    table: str
    how: How
    words: str
    column: str = ""
    where: Where = ANY
    windows: tuple[Window, ...] = (30, 90, 365, ALL)
    unit: Unit = "count"
    family: str = "volume"
    scale: int = SCALE
    topic: str = ""

    def measure(self, window: Window, back: int = 0) -> Windowed:
        return Windowed(self.table, self.how, self.column, self.where, window, back, self.scale)

    @property
    def about(self) -> str:
        """The topic: the one given, else that of the table."""
        return self.topic or BY_TABLE[self.table]

    def features(self) -> tuple[Feature, ...]:
        empty = None if self.how == "mean" else 0.0
        return tuple(
            Feature(
                f"{self.what}_{ending(window)}",
                self.family,
                self.about,
                self.table,
                window,
                self.unit,
                empty,
                f"{self.words} {span(window)}",
                f"{plain(self.words)} {span(window)}: no figure",
                self.measure(window),
            )
            for window in self.windows
        )


@dataclass(frozen=True)
class Derived:
    """One feature from any measure."""

    name: str
    measure: Measure
    words: str
    unit: Unit = "number"
    family: str = "value"
    window: Window = ALL
    empty: float | None = None
    unknown: str = ""
    topic: str = ""

    def feature(self) -> Feature:
        table = self.measure.reads[0][0] if self.measure.reads else ""
        unknown = self.unknown or f"{plain(self.words)}: no figure"
        topic = self.topic or BY_TABLE[table]
        return Feature(
            self.name, self.family, topic, table, self.window, self.unit, self.empty, self.words, unknown, self.measure
        )

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


def span(window: Window) -> str:
    """Return the window in words."""
    return "in all history" if window is ALL else f"in the last {window} days"


def plain(words: str) -> str:
    """Return a phrase without its figure."""
    return " ".join(words.replace("{value}", "").replace("{s}", "s").split())
