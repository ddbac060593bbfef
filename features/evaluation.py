"""One view under evaluation, and what a measure is: a frozen value that gives one number per account of the view.

What measures share (selected rows, running totals, contract lines, other measures) is computed once per view.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from features.selection import Floats, Selection
from features.where import ANY, Where
from pipeline.asof import DAY, MISSING
from pipeline.contract_lines import LineVersions, line_versions
from pipeline.history import Rows, View

Reads = tuple[tuple[str, str], ...]
"""(table, column) pairs."""


class Measure(Protocol):
    """One number per account of a view."""

    @property
    def reads(self) -> Reads:
        """The columns without which it cannot be computed."""
        ...

    @property
    def reach(self) -> int | None:
        """How many days before as_of the oldest row lies that can change it; None: all history can."""
        ...

    def compute(self, evaluation: Evaluation) -> Floats:
        """Return one value per account of the view, NaN where there is none."""
        ...


class Evaluation:
    """One view under evaluation: what measures share is computed once."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.at = view.at
        self.accounts = len(view.accounts)
        self._past: dict[tuple[str, bool], Rows] = {}
        self._selections: dict[tuple[str, Where, bool], Selection] = {}
        self._values: dict[Measure, Floats] = {}
        self._lines: LineVersions | None = None

    def value(self, measure: Measure) -> Floats:
        if measure not in self._values:
            self._values[measure] = measure.compute(self)
        return self._values[measure]

    def select(self, table: str, where: Where = ANY, ahead: bool = False) -> Selection:
        """Return the rows that meet a condition and occurred before as_of; `ahead`: those that are yet to occur."""
        key = (table, where, ahead)
        if key not in self._selections:
            rows = self._rows(table, ahead)
            self._selections[key] = Selection(rows, where.mask(rows, self.at), self.accounts)
        return self._selections[key]

    def _rows(self, table: str, ahead: bool) -> Rows:
        if (table, ahead) not in self._past:
            rows = self.view.tables[table]
            wanted = (rows.occurred >= self.at) if ahead else (rows.occurred < self.at) & (rows.occurred != MISSING)
            self._past[table, ahead] = rows if wanted.all() else rows.take(wanted)
        return self._past[table, ahead]

    @property
    def lines(self) -> LineVersions:
        if self._lines is None:
            self._lines = line_versions(self.view.tables["subscriptions"])
        return self._lines

    def observable(self, table: str, days: int) -> bool:
        """Whether the table reaches back that many days before as_of."""
        first = self.view.first_days.get(table, MISSING)
        return first != MISSING and self.at - days * DAY >= first // DAY * DAY

    def unknown(self) -> Floats:
        return np.full(self.accounts, np.nan)


def divide(a: Floats, b: Floats) -> Floats:
    """Return a / b, NaN where b is not positive."""
    return np.divide(a, b, out=np.full(len(a), np.nan), where=b > 0)


def reads_of(table: str, where: Where, column: str = "") -> Reads:
    names = dict.fromkeys((*where.columns, *((column,) if column else ())))
    return tuple((table, name) for name in names) or ((table, "account_id"),)
