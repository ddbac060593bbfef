"""Declarations of features derived from an aggregate: over another one, over the window before, over its own usual."""

from __future__ import annotations

from dataclasses import dataclass

from features.measures import Combined, Decayed, Since
from features.spec import ALL, Aggregate, Derived, Fact, Feature, Unit, Window, ending, figured, with_span
from features.words import Words

_MOVED = Words(
    "{what} {moved}, last {days} days against the {days} before",
    "{what} {moved}, seneste {days} dage mod de {days} før",
)
_NOT_COMPARED = Words(
    "{what}, last {days} days against the {days} before: not known",
    "{what}, seneste {days} dage mod de {days} før: ukendt",
)
_NONE = Words("{none} on record", "{none} registreret")


def _moved(of: Aggregate, window: int) -> tuple[Words, Words, tuple[Fact, ...]]:
    """Return how an aggregate's window is told against the one before: the phrase, the one without figures, facts."""
    facts = (of.fact("now", window), of.fact("before", window, back=window))
    return (*(words.put(what=of.words.many, days=window) for words in (_MOVED, _NOT_COMPARED)), facts)  # type: ignore[return-value]


def _none(of: Aggregate, window: Window) -> Words:
    none = _NONE.put(none=of.nothing)
    return none if window is ALL else with_span(none, window)


@dataclass(frozen=True)
class Ratio:
    """One aggregate over another in the same window, NaN where the second is not positive.

    `words` may show the two themselves, as {of} and {over}.
    """

    what: str
    of: Aggregate
    over: Aggregate
    words: Words
    windows: tuple[Window, ...] = (90, 365, ALL)
    unit: Unit = "share"
    family: str = "value"

    def features(self) -> tuple[Feature, ...]:
        return tuple(
            Derived(
                f"{self.what}_{ending(window)}",
                Combined("ratio", self.of.measure(window), self.over.measure(window)),
                with_span(self.words, window),
                unit=self.unit,
                family=self.family,
                window=window,
                unknown=_none(self.over, window),
                topic=self.of.about,
                facts=self._shown(window),
            ).feature()
            for window in self.windows
        )

    def _shown(self, window: Window) -> tuple[Fact, ...]:
        facts, named = (self.of.fact("of", window), self.over.fact("over", window)), self.words.keys()
        return tuple(fact for fact in facts if fact.key in named)


@dataclass(frozen=True)
class Trend:
    """An aggregate's window over the window before it, as a relative change: `<what>_change_<days>d`.

    NaN when the earlier window holds nothing, or reaches back before the table's first day.
    """

    of: Aggregate
    windows: tuple[int, ...] = (30, 90)

    def __post_init__(self) -> None:
        if self.of.how == "distinct":
            raise ValueError(f"{self.of.what}: distinct values have no trend; declare it on a count, days or sum")

    def features(self) -> tuple[Feature, ...]:
        return tuple(self._over(window) for window in self.windows)

    def _over(self, window: int) -> Feature:
        words, unknown, facts = _moved(self.of, window)
        return Derived(
            f"{self.of.what}_change_{window}d",
            Combined("change", self.of.measure(window), self.of.measure(window, back=window)),
            words,
            unit="change",
            family="trend",
            window=window,
            unknown=unknown,
            topic=self.of.about,
            facts=facts,
        ).feature()


@dataclass(frozen=True)
class Monthly:
    """An aggregate of all history per 30 days since the account's first row: `<what>_per_month`.

    It stays comparable while windows are still longer than the data. Accounts younger than 30 days count as 30.
    """

    of: Aggregate
    family: str = "volume"

    def features(self) -> tuple[Feature, ...]:
        unit: Unit = "money_per_month" if self.of.unit == "money" else "per_month"
        words = Words("{figure} a month on average", "{figure} om måneden i gennemsnit")
        return Derived(
            f"{self.of.what}_per_month",
            Combined("monthly", self.of.measure(ALL), Since(self.of.table, "first")),
            words.put(figure=figured(self.of.words, unit)),
            unit=unit,
            family=self.family,
            unknown=_none(self.of, ALL),
            topic=self.of.about,
        ).features()


@dataclass(frozen=True)
class Recent:
    """An aggregate over all history in which a row's weight halves every so many days: `<what>_decayed_<days>d`.

    Such a sum means nothing to people: it is told by the window of two half-lives, which holds most of its weight.
    """

    of: Aggregate
    half_lives: tuple[int, ...] = (30, 90)

    def __post_init__(self) -> None:
        if self.of.how not in ("count", "days", "sum"):
            raise ValueError(f"{self.of.what}: only counts, days and sums can be decayed; found {self.of.how!r}")

    def features(self) -> tuple[Feature, ...]:
        return tuple(self._over(half_life) for half_life in self.half_lives)

    def _over(self, half_life: int) -> Feature:
        words, unknown, facts = _moved(self.of, 2 * half_life)
        return Derived(
            f"{self.of.what}_decayed_{half_life}d",
            Decayed(self.of.table, self.of.how, half_life, self.of.column, self.of.where),
            words,
            unit="money" if self.of.unit == "money" else "number",
            family="decay",
            empty=0.0,
            unknown=unknown,
            topic=self.of.about,
            facts=facts,
        ).feature()


@dataclass(frozen=True)
class Pace:
    """A fast-decaying total over a slow one, scaled so that a steady account has 1: `<what>_pace_<half-life>d`.

    Unlike a trend it has a value as soon as anything ever happened, and no edges. Told as `Recent` is.
    """

    of: Aggregate
    fast: int = 30
    slow: int = 90

    def features(self) -> tuple[Feature, ...]:
        fast, slow = (
            Decayed(self.of.table, self.of.how, half_life, self.of.column, self.of.where)
            for half_life in (self.fast, self.slow)
        )
        words, unknown, facts = _moved(self.of, 2 * self.fast)
        return Derived(
            f"{self.of.what}_pace_{self.fast}d",
            Combined("ratio", fast, slow, times=self.slow / self.fast),
            words,
            unit="ratio",
            family="trend",
            unknown=unknown,
            topic=self.of.about,
            facts=facts,
        ).features()


@dataclass(frozen=True)
class Usual:
    """An aggregate's window over the account's own rate in all history: `<what>_over_usual_<days>d`, 1 is as usual.

    Phrases tell it only of accounts whose history is as long as the window: a shorter one has no average over it.
    """

    of: Aggregate
    windows: tuple[int, ...] = (60,)

    def features(self) -> tuple[Feature, ...]:
        return tuple(self._over(window) for window in self.windows)

    def _over(self, window: int) -> Feature:
        total, since = self.of.measure(ALL), Since(self.of.table, "first")
        usual = Fact(
            "usual",
            f"{self.of.what}_usual_{window}d",
            self.of.unit if self.of.unit == "money" else "number",
            Combined("usual", total, since, times=window),
        )
        unknown = Words(
            "{what}, last {days} days against the average: not known",
            "{what}, seneste {days} dage mod gennemsnittet: ukendt",
        )
        words = Words(
            "{what}: {now} in the last {days} days, against {usual} in {days} days on average",
            "{what}: {now} de seneste {days} dage, mod {usual} på {days} dage i gennemsnit",
        )
        return Derived(
            f"{self.of.what}_over_usual_{window}d",
            Combined("ratio", self.of.measure(window), Combined("monthly", total, since), times=30 / window),
            words.put(what=self.of.words.many, days=window),
            unit="ratio",
            family="trend",
            window=window,
            unknown=unknown.put(what=self.of.words.many, days=window),
            topic=self.of.about,
            facts=(self.of.fact("now", window), usual),
        ).feature()
