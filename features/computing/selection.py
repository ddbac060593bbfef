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
        self.strands, places = lay_out(table.rows.account[picked.rows], picked, len(as_ofs))
        self._rows: Numbers = picked.rows[places]
        self._edges: dict[int, Numbers] = {}
        self._columns: dict[str, Ints] = {}
        self._running: dict[Any, Ints] = {}
        self._numbered: dict[str, tuple[Numbers, Ints]] = {}

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

    def numbered(self, column: str) -> tuple[Numbers, Ints]:
        """Return the texts of a column numbered within their strand (-1: null), and room for each number."""
        if column not in self._numbered:
            codes = self.column(column)
            texts = int(codes.max(initial=-1)) + 1
            numbers = np.empty(len(codes), dtype=np.int32)
            strand_of, number_of = np.full(texts, -1), np.empty(texts, dtype=np.int32)
            most = strands.number_within(self.strands[3], codes, strand_of, number_of, numbers)
            self._numbered[column] = numbers, np.empty(most, dtype=np.int64)
        return self._numbered[column]

    @cached_property
    def gaps(self) -> tuple[Ints, Ints, Ints, Ints]:
        """Of the days between consecutive different days: how many, their sum, sum of squares, and maximum."""
        count, total, squares, longest = (self.zeros() for _ in range(4))
        passes.gaps(*self.strands, self.day, count, total, squares, longest)
        return count, total, squares, longest

    def zeros(self) -> Ints:
        return np.zeros(self.shape, dtype=np.int64)


Strands = tuple[Numbers, Numbers, Numbers, Ints, Numbers]
"""Per strand its account, first and last date, and bounds; per row since when it counts."""


def lay_out(account: Ints, picked: Picked, dates: int) -> tuple[Strands, Numbers]:
    """Return the strands of rows, and per row of theirs its place among those picked."""
    split = np.empty(dates + 1, dtype=bool)
    different = int(np.count_nonzero(account[1:] != account[:-1])) + 1
    strand_room, row_room = 2 * different, len(account) + len(account) // 4
    while True:
        owners, firsts, lasts = (np.empty(strand_room, dtype=np.int32) for _ in range(3))
        places, since = (np.empty(row_room, dtype=np.int32) for _ in range(2))
        bounds = np.zeros(strand_room + 1, dtype=np.int64)
        count, laid = strands.lay_out(
            account, picked.begin, picked.end, split, owners, firsts, lasts, bounds, places, since
        )
        if count <= strand_room and laid <= row_room:
            return (owners[:count], firsts[:count], lasts[:count], bounds[: count + 1], since[:laid]), places[:laid]
        # Much arrives late or is corrected: now it is known how much room that takes.
        strand_room, row_room = count, laid


def filled(values: Ints) -> Ints:
    """Return the values with 0 for null."""
    return np.where(values == MISSING, 0, values)
