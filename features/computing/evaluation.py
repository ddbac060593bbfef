"""A history under evaluation at as_of dates, and what a measure is: a frozen value that gives one number per date and
account.

What measures share (selected rows, running totals, contract lines, other measures) is computed once for all dates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from features.computing import passes
from features.computing.dated import DatedTable
from features.computing.picking import pick
from features.computing.reference import Reference
from features.computing.selection import Floats, Selection
from features.where import ANY, Where, filled
from pipeline.asof import DAY, MISSING, NEVER, instant
from pipeline.contract_lines import LineVersions, line_versions
from pipeline.history import Flags, History, Ints, View

Reads = tuple[tuple[str, str], ...]
"""(table, column) pairs."""


class Measure(Protocol):
    """One number per as_of and account of a history."""

    @property
    def reads(self) -> Reads:
        """The columns without which it cannot be computed."""
        ...

    @property
    def reach(self) -> int | None:
        """How many days before as_of the oldest row lies that can change it; None: all history can."""
        ...

    def compute(self, evaluation: Evaluation) -> NDArray[Any]:
        """Return the figures, of shape (dates, accounts): floats with NaN where there is none, or texts with None."""
        ...


class AllHistory:
    """What measures are that any row before as_of can change, however old."""

    @property
    def reach(self) -> None:
        return None


class Evaluation:
    """A history at `as_ofs` (ascending, at least one): what measures share is computed once."""

    def __init__(
        self, history: History, as_ofs: Sequence[date], references: Mapping[date, Reference] | None = None
    ) -> None:
        self.ids = history.accounts
        self.accounts = len(history.accounts)
        self.days = np.array([instant(as_of) // DAY for as_of in as_ofs], dtype=np.int32)
        self.shape = (len(self.days), self.accounts)
        self._as_ofs = as_ofs
        self._references = references or {}
        self._history = history
        self._dated = history.dated()
        self._tables: dict[str, DatedTable] = {}
        self._selections: dict[tuple[str, Where], Selection] = {}
        self._values: dict[Measure, NDArray[Any]] = {}

    def value(self, measure: Measure) -> NDArray[Any]:
        if measure not in self._values:
            self._values[measure] = measure.compute(self)
        return self._values[measure]

    @property
    def tables(self) -> Mapping[str, Any]:
        """The tables that the firm has."""
        return self._dated

    def table(self, name: str) -> DatedTable:
        if name not in self._tables:
            self._tables[name] = DatedTable(self._dated[name], self.days)
        return self._tables[name]

    def reference(self, date: int) -> Reference:
        """Return the whole book's figures at one of the dates; ValueError where they were not given."""
        as_of = self._as_ofs[date]
        if as_of not in self._references:
            raise ValueError(f"the features look at the account's peers, and no reference table of {as_of} was given")
        return self._references[as_of]

    @cached_property
    def seen(self) -> Flags:
        """Which accounts have any visible row."""
        if all(view.told is not None for view in self.views):
            # The tables may hold but some of their rows, and those that nothing else asks for stay unread.
            return np.array([view.seen for view in self.views], dtype=bool).reshape(self.shape)
        seen = np.zeros(self.shape, dtype=bool)
        for name in self.tables:
            seen |= self.table(name).seen(self.accounts)
        return seen

    def select(self, table: str, where: Where = ANY, *read: str) -> Selection:
        """Return the rows that meet a condition and occurred before as_of, without those whose value in a late column
        of `read` is blank.
        """
        for column in dict.fromkeys(read):
            if column in self._dated[table].late:
                where &= filled(column)
        key = (table, where)
        if key not in self._selections:
            dated = self.table(table)
            self._selections[key] = Selection(dated, pick(dated, where), self.days, self.accounts)
        return self._selections[key]

    def ahead(self, table: str, where: Where = ANY) -> tuple[Ints, Ints]:
        """Return how many visible rows that meet a condition have yet to occur, and, where any has, the first's day."""
        dated = self.table(table)
        coming = pick(dated, where, ahead=True)
        coming = coming.keep(coming.begin < coming.end)
        count = np.zeros(self.shape, dtype=np.int64)
        nearest = np.full(self.shape, NEVER // DAY)
        passes.ahead(dated.rows.account[coming.rows], coming.begin, coming.end, dated.day[coming.rows], count, nearest)
        return count, nearest

    @cached_property
    def views(self) -> tuple[View, ...]:
        """The view of each date, for tables so small that nothing is won by computing all dates at once."""
        return tuple(self._history.upto(as_of) for as_of in self._as_ofs)

    @cached_property
    def lines(self) -> tuple[LineVersions, ...]:
        """The contract lines as known at each date."""
        return tuple(line_versions(view.tables["subscriptions"]) for view in self.views)

    def observable(self, table: str, days: int) -> Flags:
        """Return at which dates the table reaches back that many days before as_of."""
        first = np.array([view.first_days.get(table, MISSING) for view in self.views])
        return (first != MISSING) & (self.days - days >= first // DAY)

    def where_observable(self, values: Floats, table: str, days: int | None) -> Floats:
        """Return the values, NaN at dates before which the table does not reach back that far; None: any will do."""
        if days is not None:
            values[~self.observable(table, days)] = np.nan
        return values

    def unknown(self) -> Floats:
        return np.full(self.shape, np.nan)


def divide(a: Any, b: Any) -> Floats:
    """Return a / b, NaN where b is not positive."""
    return np.divide(a, b, out=np.full(np.shape(a), np.nan), where=b > 0)


def reads_of(table: str, where: Where, column: str = "") -> Reads:
    names = dict.fromkeys((*where.columns, *((column,) if column else ())))
    return tuple((table, name) for name in names) or ((table, "account_id"),)
