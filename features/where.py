"""Conditions on rows, as data: which rows of a table a feature looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipeline.asof import DAY, MISSING
from pipeline.history import Flags, Ints, Rows

Check = Literal["is", "positive", "negative", "filled", "blank", "past", "later_day"]


@dataclass(frozen=True)
class Test:
    """One condition on one column; `texts` belongs to "is", `other` (a second column) to "later_day"."""

    column: str
    check: Check
    texts: tuple[str, ...] = ()
    other: str = ""

    def mask(self, rows: Rows, at: int) -> Flags:
        """Return which rows meet the condition at `at` (as_of in microseconds)."""
        values = rows.columns[self.column]
        if self.check == "is":
            return _among(values, rows.categories.get(self.column, ()), self.texts)
        if self.check == "blank":
            return values == MISSING
        filled = values != MISSING
        if self.check == "positive":
            filled &= values > 0
        elif self.check == "negative":
            filled &= values < 0
        elif self.check == "past":
            filled &= values < at
        elif self.check == "later_day":
            other = rows.columns[self.other]
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
        return tuple(name for test in self.tests for name in (test.column, test.other) if name)

    def mask(self, rows: Rows, at: int) -> Flags | None:
        """Return which rows meet all conditions; None when there are none to meet."""
        found: Flags | None = None
        for test in self.tests:
            mask = test.mask(rows, at)
            found = mask if found is None else found & mask
        return found


ANY = Where()


def kind(*kinds: str) -> Where:
    """Interactions of these kinds."""
    return Where((Test("kind", "is", kinds),))


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


def _among(values: Ints, categories: tuple[str, ...], texts: tuple[str, ...]) -> Flags:
    wanted = [position for position, text in enumerate(categories) if text in texts]
    found = np.zeros(len(values), dtype=bool)
    for position in wanted:
        found |= values == position
    return found
