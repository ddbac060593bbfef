"""The rows that a feature looks at, in strands (see `features.computing.strands`), with what windows over them need."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.computing import passes, strands
from features.computing.dated import DatedTable, Numbers
from features.computing.picking import Picked
from pipeline.asof import MISSING
from pipeline.history import Days, Flags, Ints

Floats = NDArray[np.float64]

ALWAYS = 10**8
"""More days than lie between any two days: a window of all history."""


class Selection:
    """Rows of one table, sorted by account then occurrence within each strand.

    What it gives per date and account has the shape (dates, accounts).
    """

    def __init__(self, table: DatedTable, picked: Picked, as_ofs: Days, accounts: int) -> None:
        self.as_ofs = as_ofs
        self.shape = (len(as_ofs), accounts)
        self._table = table
        account = table.rows.account
        *laid, places, since = strands.lay_out(picked.rows, account, picked.begin, picked.end, len(as_ofs))
        self.strands = (*laid, since)
        self._rows: Numbers = picked.rows[places]
        self._edges: dict[int, Numbers] = {}
        self._columns: dict[str, Ints] = {}
        self._running: dict[Any, Ints] = {}
        self._numbered: dict[str, tuple[Numbers, int]] = {}

    def column(self, name: str) -> Ints:
        """Return the column's values, MISSING where null. A late column's are known only where `filled` picked rows."""
        if name not in self._columns:
            self._columns[name] = self._table.rows.columns[name][self._rows]
        return self._columns[name]

    @cached_property
    def occurred(self) -> Ints:
        return self._table.rows.occurred[self._rows]

    @cached_property
    def day(self) -> Days:
        """The UTC day on which each row occurred."""
        return self._table.day[self._rows]

    @cached_property
    def new_day(self) -> Flags:
        """Which rows are the first of their day in their strand."""
        new = np.ones(len(self.day), dtype=bool)
        np.not_equal(self.day[1:], self.day[:-1], out=new[1:])
        new[self.strands[3][:-1]] = True
        return new

    @property
    def start(self) -> Numbers:
        """The position of the first row that counts."""
        return self.edge(ALWAYS)

    @property
    def end(self) -> Numbers:
        """The position after the last row that counts."""
        return self.edge(0)

    def edge(self, back: int) -> Numbers:
        """Return the position of the first row that counts and occurred on the day `back` days before as_of, or later.

        So the rows in `[as_of - a, as_of - b)` are `edge(a) : edge(b)`.
        """
        if back not in self._edges:
            edge = np.zeros(self.shape, dtype=np.int32)
            passes.find_edge(*self.strands, self.day, self.as_ofs, back, edge)
            self._edges[back] = edge
        return self._edges[back]

    def total(self, what: str, values: Callable[[], Ints | Flags], old: int, recent: int = 0) -> Ints:
        """Return the sum of `values`, one per row and named by `what`, over `[as_of - old, as_of - recent)`."""
        if what not in self._running:
            running = np.zeros(len(self._rows) + 1, dtype=np.int64)
            np.cumsum(values(), dtype=np.int64, out=running[1:])
            self._running[what] = running
        running = self._running[what]
        return running[self.edge(recent)] - running[self.edge(old)]

    def numbered(self, column: str) -> tuple[Numbers, int]:
        """Return the texts of a column numbered within their strand (-1: null), and the most that a strand has."""
        if column not in self._numbered:
            texts = len(self._table.rows.categories[column])
            self._numbered[column] = strands.number_within(self.strands[3], self.column(column), texts)
        return self._numbered[column]

    def zeros(self) -> Ints:
        return np.zeros(self.shape, dtype=np.int64)


def filled(values: Ints) -> Ints:
    """Return the values with 0 for null."""
    return np.where(values == MISSING, 0, values)
