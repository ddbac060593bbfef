"""Conditions on rows, as data: which rows of a table a feature looks at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.asof import DAY, MISSING
from pipeline.history import Flags, Ints

Check = Literal["is", "has", "positive", "negative", "filled", "blank", "past", "later_day"]


@dataclass(frozen=True)
class Test:
    """One condition on one column.

    `texts` belongs to "is" (the text is one of them) and "has" (one of its words is), `other`, a second column, to
    "later_day".
    """

    column: str
    check: Check
    texts: tuple[str, ...] = ()
    other: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column, self.other) if self.other else (self.column,)

    @property
    def of_texts(self) -> bool:
        return self.check in ("is", "has")

    def among(self, categories: Sequence[str]) -> tuple[str, ...]:
        """Return which texts of a column meet a condition about texts."""
        if self.check == "is":
            return tuple(text for text in categories if text in self.texts)
        return tuple(text for text in categories if not {*self.texts}.isdisjoint(text.split()))

    def mask(self, values: Ints, other: Ints) -> Flags:
        """Return which values (of `column`, and those of `other`) meet a condition that is not about texts.

        Any day is past here: the instants themselves say from when on.
        """
        if self.check == "blank":
            return values == MISSING
        if self.check == "positive":
            return values > 0
        if self.check == "negative":
            return (values < 0) & (values != MISSING)
        filled = values != MISSING
        if self.check == "later_day":
            filled &= (other != MISSING) & (values // DAY > other // DAY)
        return filled


@dataclass(frozen=True)
class Where:
    """Conditions that must all hold; without any, every row counts. `&` joins two."""

    tests: tuple[Test, ...] = ()

    def __and__(self, other: Where) -> Where:
        return Where(self.tests + other.tests)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(name for test in self.tests for name in test.columns)


ANY = Where()


def kind(*kinds: str) -> Where:
    """Interactions of these kinds."""
    return Where((Test("kind", "is", kinds),))


def has(column: str, *words: str) -> Where:
    """Rows whose text in `column` has one of these words, between spaces."""
    return Where((Test(column, "has", words),))


def positive(column: str) -> Where:
    return Where((Test(column, "positive"),))


def negative(column: str) -> Where:
    return Where((Test(column, "negative"),))


def filled(column: str) -> Where:
    return Where((Test(column, "filled"),))


def blank(column: str) -> Where:
    return Where((Test(column, "blank"),))


def past(column: str) -> Where:
    """Rows whose instant in `column` lies before as_of."""
    return Where((Test(column, "past"),))


def later_day(column: str, than: str) -> Where:
    """Rows whose day in `column` comes after the day in `than`, both filled."""
    return Where((Test(column, "later_day", other=than),))
