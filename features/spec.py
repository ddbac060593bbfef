"""Declarations of features. A family over all its windows is one line, for example

    Aggregate("call_minutes", "interactions", "sum", "{value} minutes of calls", column="quantity", where=kind("call"),
              windows=(7, 30, 90, 365))

which becomes `call_minutes_7d` to `call_minutes_365d`; `catalogue` lists what all of them become.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from features.evaluation import Measure, Reads
from features.measures import Combined, Decayed, How, Since, Windowed
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
    ending. `unknown` is the phrase when there is no figure.
    """

    name: str
    family: str
    table: str
    window: Window
    unit: Unit
    empty: float | None
    words: str
    unknown: str
    measure: Measure

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

    def measure(self, window: Window, back: int = 0) -> Windowed:
        return Windowed(self.table, self.how, self.column, self.where, window, back, self.scale)

    def features(self) -> tuple[Feature, ...]:
        empty = None if self.how == "mean" else 0.0
        return tuple(
            Feature(
                f"{self.what}_{_ending(window)}",
                self.family,
                self.table,
                window,
                self.unit,
                empty,
                f"{self.words} {_span(window)}",
                f"{_plain(self.words)} {_span(window)}: no figure",
                self.measure(window),
            )
            for window in self.windows
        )


@dataclass(frozen=True)
class Ratio:
    """One aggregate over another in the same window, NaN where the second is not positive."""

    what: str
    of: Aggregate
    over: Aggregate
    words: str
    windows: tuple[Window, ...] = (90, 365, ALL)
    unit: Unit = "share"
    family: str = "value"

    def features(self) -> tuple[Feature, ...]:
        return tuple(
            Derived(
                f"{self.what}_{_ending(window)}",
                Combined("ratio", self.of.measure(window), self.over.measure(window)),
                f"{self.words} {_span(window)}",
                unit=self.unit,
                family=self.family,
                window=window,
            ).feature()
            for window in self.windows
        )


@dataclass(frozen=True)
class Trend:
    """An aggregate's window over the window before it, as a relative change: `<what>_change_<days>d`.

    NaN when the earlier window holds nothing, or reaches back before the table's first day.
    """

    of: Aggregate
    subject: str
    """What goes up or down, in words."""
    windows: tuple[int, ...] = (30, 90)

    def __post_init__(self) -> None:
        if self.of.how == "distinct":
            raise ValueError(f"{self.of.what}: distinct values have no trend; declare it on a count, days or sum")

    def features(self) -> tuple[Feature, ...]:
        return tuple(
            Derived(
                f"{self.of.what}_change_{window}d",
                Combined("change", self.of.measure(window), self.of.measure(window, back=window)),
                f"{self.subject} {{value}} in the last {window} days than in the {window} before",
                unit="change",
                family="trend",
                window=window,
            ).feature()
            for window in self.windows
        )


@dataclass(frozen=True)
class Monthly:
    """An aggregate of all history per 30 days since the account's first row: `<what>_per_month`.

    It stays comparable while windows are still longer than the data. Accounts younger than 30 days count as 30.
    """

    of: Aggregate
    words: str
    family: str = "volume"

    def features(self) -> tuple[Feature, ...]:
        unit: Unit = "money_per_month" if self.of.unit == "money" else "per_month"
        measure = Combined("monthly", self.of.measure(ALL), Since(self.of.table, "first"))
        return (Derived(f"{self.of.what}_per_month", measure, self.words, unit=unit, family=self.family).feature(),)


@dataclass(frozen=True)
class Recent:
    """An aggregate over all history in which a row's weight halves every so many days: `<what>_decayed_<days>d`."""

    of: Aggregate
    subject: str
    half_lives: tuple[int, ...] = (30, 90)

    def __post_init__(self) -> None:
        if self.of.how not in ("count", "days", "sum"):
            raise ValueError(f"{self.of.what}: only counts, days and sums can be decayed; found {self.of.how!r}")

    def features(self) -> tuple[Feature, ...]:
        return tuple(
            Feature(
                f"{self.of.what}_decayed_{half_life}d",
                "decay",
                self.of.table,
                ALL,
                "money" if self.of.unit == "money" else "number",
                0.0,
                f"{self.subject}, counting half after {half_life} days: {{value}}",
                f"{self.subject}, counting half after {half_life} days: no figure",
                Decayed(self.of.table, self.of.how, half_life, self.of.column, self.of.where),
            )
            for half_life in self.half_lives
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

    def feature(self) -> Feature:
        table = self.measure.reads[0][0] if self.measure.reads else ""
        unknown = self.unknown or f"{_plain(self.words)}: no figure"
        return Feature(
            self.name, self.family, table, self.window, self.unit, self.empty, self.words, unknown, self.measure
        )

    def features(self) -> tuple[Feature, ...]:
        return (self.feature(),)


Declaration = Aggregate | Ratio | Trend | Monthly | Recent | Derived


def expand(declarations: Iterable[Declaration]) -> tuple[Feature, ...]:
    """Return the features that declarations become, in their order."""
    return tuple(feature for declaration in declarations for feature in declaration.features())


def in_family(family: str, features: Iterable[Feature]) -> tuple[Feature, ...]:
    return tuple(replace(feature, family=family) for feature in features)


def _ending(window: Window) -> str:
    return "all" if window is ALL else f"{window}d"


def _span(window: Window) -> str:
    return "in all history" if window is ALL else f"in the last {window} days"


def _plain(words: str) -> str:
    """Return a phrase without its figure."""
    return " ".join(words.replace("{value}", "").replace("{s}", "s").split())
