"""Declarations of features derived from an aggregate: over another one, over the window before, over its own usual."""

from __future__ import annotations

from dataclasses import dataclass

from features.measures import Combined, Decayed, Since
from features.spec import ALL, Aggregate, Derived, Feature, Unit, Window, ending, span


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
                f"{self.what}_{ending(window)}",
                Combined("ratio", self.of.measure(window), self.over.measure(window)),
                f"{self.words} {span(window)}",
                unit=self.unit,
                family=self.family,
                window=window,
                topic=self.of.about,
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
                topic=self.of.about,
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
        return (
            Derived(
                f"{self.of.what}_per_month", measure, self.words, unit=unit, family=self.family, topic=self.of.about
            ).feature(),
        )


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
                self.of.about,
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
class Pace:
    """A fast-decaying total over a slow one, scaled so that a steady account has 1: `<what>_pace_<half-life>d`.

    Unlike a trend it has a value as soon as anything ever happened, and no edges.
    """

    of: Aggregate
    subject: str
    fast: int = 30
    slow: int = 90

    def features(self) -> tuple[Feature, ...]:
        fast, slow = (
            Decayed(self.of.table, self.of.how, half_life, self.of.column, self.of.where)
            for half_life in (self.fast, self.slow)
        )
        return (
            Derived(
                f"{self.of.what}_pace_{self.fast}d",
                Combined("ratio", fast, slow, times=self.slow / self.fast),
                f"{self.subject} lately at {{value}} times the earlier pace",
                unit="ratio",
                family="trend",
                topic=self.of.about,
                unknown=f"{self.subject}: no earlier pace to compare with",
            ).feature(),
        )


@dataclass(frozen=True)
class Usual:
    """An aggregate's window over the account's own rate in all history: `<what>_over_usual_<days>d`, 1 is as usual."""

    of: Aggregate
    subject: str
    windows: tuple[int, ...] = (60,)

    def features(self) -> tuple[Feature, ...]:
        rate = Combined("monthly", self.of.measure(ALL), Since(self.of.table, "first"))
        return tuple(
            Derived(
                f"{self.of.what}_over_usual_{window}d",
                Combined("ratio", self.of.measure(window), rate, times=30 / window),
                f"{self.subject} in the last {window} days at {{value}} times the usual rate",
                unit="ratio",
                family="trend",
                topic=self.of.about,
                window=window,
                unknown=f"{self.subject}: no usual rate to compare with",
            ).feature()
            for window in self.windows
        )
