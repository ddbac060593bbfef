"""Rows of one table that meet a condition, with what windows over them need: counts and sums per account without a
loop over accounts.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.asof import DAY, MISSING
from pipeline.history import Flags, Ints, Rows

Floats = NDArray[np.float64]


class Selection:
    """Rows of a view, sorted by account then occurrence, that a feature looks at.

    Windows start and end at midnight, so `first` and `end`, and `since`, give positions: the rows of account `a` in
    `[start, at)` are `since(start)[a] : end[a]`.
    """

    def __init__(self, rows: Rows, mask: Flags | None, accounts: int) -> None:
        self._rows = rows
        self._mask = mask
        self.accounts = accounts
        self.account: Ints = rows.account if mask is None else rows.account[mask]
        self.occurred: Ints = rows.occurred if mask is None else rows.occurred[mask]
        self._columns: dict[str, Ints] = {}
        self._since: dict[int, Ints] = {}
        self._running: dict[tuple[str, str], Ints] = {}

    def column(self, name: str) -> Ints:
        """Return the column's values for the selected rows, MISSING where null."""
        if name not in self._columns:
            values = self._rows.columns[name]
            self._columns[name] = values if self._mask is None else values[self._mask]
        return self._columns[name]

    def has(self, name: str) -> bool:
        return name in self._rows

    @cached_property
    def bounds(self) -> Ints:
        return np.searchsorted(self.account, np.arange(self.accounts + 1)).astype(np.int64)

    @property
    def first(self) -> Ints:
        """Per account the position of its first row."""
        return self.bounds[:-1]

    @property
    def end(self) -> Ints:
        """Per account the position after its last row."""
        return self.bounds[1:]

    def since(self, start: int) -> Ints:
        """Return per account the position of its first row that occurred at `start` or later."""
        if start not in self._since:
            before = np.bincount(self.account[self.occurred < start], minlength=self.accounts)
            self._since[start] = self.first + before
        return self._since[start]

    def running(self, what: str, column: str = "") -> Ints:
        """Return running totals over the rows, a leading 0 included, so that a slice's total is a difference.

        `what`: "sum" of a column, "filled" (how many rows have it), "days" (first row of each of the account's days),
        "distinct" (last row of each of the account's values of a column: a value occurred in `[start, at)` exactly
        when its last row did).
        """
        key = (what, column)
        if key not in self._running:
            self._running[key] = np.concatenate(([0], np.cumsum(self._marks(what, column), dtype=np.int64)))
        return self._running[key]

    def _marks(self, what: str, column: str) -> Ints | Flags:
        if what == "days":
            return self.new_day
        values = self.column(column)
        filled = values != MISSING
        if what == "sum":
            return np.where(filled, values, 0)
        if what == "filled":
            return filled
        last = np.zeros(len(values), dtype=bool)
        rows = np.flatnonzero(filled)
        texts = int(values[rows].max(initial=0)) + 1
        last[rows] = ~pd.Index(self.account[rows] * texts + values[rows]).duplicated(keep="last")
        return last

    @cached_property
    def new_day(self) -> Flags:
        """Which rows are the first of their account's day."""
        day = self.occurred // DAY
        new = np.ones(len(day), dtype=bool)
        new[1:] = (day[1:] != day[:-1]) | (self.account[1:] != self.account[:-1])
        return new

    @cached_property
    def gaps(self) -> tuple[Ints, Ints]:
        """Per pair of consecutive days of an account: the account, and the days between the two."""
        account, day = self.account[self.new_day], self.occurred[self.new_day] // DAY
        same = account[1:] == account[:-1]
        return account[1:][same], (day[1:] - day[:-1])[same]


def lowest_by_account(account: Ints, values: Ints, accounts: int) -> Ints:
    """Return the smallest value per account, MISSING where it has no row. `account` ascends."""
    lowest = np.full(accounts, MISSING)
    if len(account):
        starts = np.flatnonzero(np.r_[True, account[1:] != account[:-1]])
        lowest[account[starts]] = np.minimum.reduceat(values, starts)
    return lowest
