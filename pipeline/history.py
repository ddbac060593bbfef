"""The one cut: the only code that decides what is visible at an as_of.

A row is visible when `known_at < as_of`. Of rows with the same key only the latest visible one counts; a late column
is blank until it became known; a cancelled or voided row is absent from that moment on. Features, cohorts and scores
get a `View` and have no way to ask for more. Only the labelling module (models/targets) opens `known_by`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, partial
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.asof import DAY, MISSING, NEVER, instant
from pipeline.loading import Accounts, Given, Lazy, given_whole, ids_of, load
from pipeline.tables import HISTORY_TABLES, TABLES, Table

Ints = NDArray[np.int64]
Days = NDArray[np.int32]
Flags = NDArray[np.bool_]
Steps = list[tuple[int, int]]
"""(known, first occurred) pairs, see `first_day_steps`."""


@dataclass(frozen=True)
class Rows:
    """Rows of one table, sorted by account, then by when they occurred.

    `account` holds positions in the accounts of the view. `columns` holds, per contract column, int64: instants in
    microseconds, numbers in ten-thousandths, flags as 0 and 1, texts as positions in `categories`; MISSING where null.
    `occurred` may lie after as_of: a booked meeting is known before it happens.
    """

    account: Ints
    occurred: Ints
    columns: Mapping[str, Ints]
    categories: Mapping[str, tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.account)

    def __contains__(self, column: str) -> bool:
        return column in self.columns

    def take(self, mask: Flags | Ints) -> Rows:
        """Return the rows that a mask (or ascending positions) picks; a column is taken when it is asked for."""
        return Rows(self.account[mask], self.occurred[mask], _Taken(self.columns, mask), self.categories)

    def equal(self, column: str, *values: str) -> Flags:
        """Return a mask of the rows whose text column is one of `values`."""
        wanted = [position for position, text in enumerate(self.categories[column]) if text in values]
        return np.isin(self.columns[column], wanted)


@dataclass(frozen=True)
class View:
    """What is visible at `as_of` of one bucket's accounts.

    `accounts` are all ids of the bucket, ascending. A table is missing from `tables` when the firm does not have it,
    and is cut when it is asked for. `first_days` gives the first instant each table has a visible row for, over all
    buckets.
    """

    as_of: date
    accounts: NDArray[Any]
    tables: Mapping[str, Rows]
    first_days: Mapping[str, int]
    told: Callable[[], Flags] | None = field(default=None, repr=False, compare=False)
    """Tells which accounts have any visible row, where the tables hold but some of their rows."""

    @property
    def at(self) -> int:
        """as_of in microseconds."""
        return instant(self.as_of)

    @cached_property
    def seen(self) -> Flags:
        """Which accounts have any visible row."""
        if self.told is not None:
            return self.told()
        seen = np.zeros(len(self.accounts), dtype=bool)
        for rows in self.tables.values():
            seen[rows.account] = True
        return seen

    def rows(self, table: str) -> Rows | None:
        return self.tables.get(table)


@dataclass(frozen=True)
class Dated:
    """All rows of a table, whatever the as_of, and the as_of days that see them: the same cut, for many days at once.

    A row is visible at the days `[first, last]`, counted from 1970-01-01 (int32). Its value in a late column is known
    from the day in `late` on; until then it is blank, whatever `rows` say.
    """

    rows: Rows
    first: Days
    last: Days
    late: Mapping[str, Days]


@dataclass(frozen=True)
class _Stored:
    """A table before the cut: its rows with the instants that bound each row's and each late value's visibility."""

    rows: Rows
    known: Ints
    superseded: Ints
    gone: Ints
    late: Mapping[str, Ints]

    def upto(self, before: int) -> Rows:
        """Return the rows that are visible just before the instant, values not known by then blank."""
        visible = (self.known < before) & (self.superseded >= before) & (self.gone >= before)
        rows = self.rows if visible.all() else self.rows.take(visible)
        return Rows(rows.account, rows.occurred, _Blanked(self, visible, rows.columns, before), rows.categories)

    def dated(self, until: int) -> Dated:
        """Return the rows with the days at which they are visible; nothing changes after the instant `until`."""
        first = _first_day(self.known, until)
        last = (np.minimum(self.superseded, self.gone) // DAY).astype(np.int32)
        if until != NEVER:
            last[last >= until // DAY] = NEVER // DAY
        return Dated(self.rows, first, last, _FirstDays(self.late, until))


class _Lazy(Mapping[str, Any]):
    """A mapping over the names of another one, whose values are made when they are first asked for."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            if name not in self._names:
                raise KeyError(name)
            self._made[name] = self._make(name)
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def _make(self, name: str) -> Any:
        raise NotImplementedError


class _Taken(_Lazy):
    """Columns of the rows that a mask picks."""

    def __init__(self, columns: Mapping[str, Ints], mask: Flags | Ints) -> None:
        super().__init__(columns)
        self._mask = mask

    def _make(self, name: str) -> Ints:
        return self._names[name][self._mask]


class _Blanked(_Lazy):
    """Columns of visible rows, late values that are not known by an instant blank."""

    def __init__(self, stored: _Stored, visible: Flags, columns: Mapping[str, Ints], before: int) -> None:
        super().__init__(columns)
        self._stored, self._visible, self._before = stored, visible, before

    def _make(self, name: str) -> Ints:
        values = self._names[name]
        known = self._stored.late.get(name)
        return values if known is None else np.where(known[self._visible] < self._before, values, MISSING)


class _FirstDays(_Lazy):
    """The days from which late values are known."""

    def __init__(self, late: Mapping[str, Ints], until: int) -> None:
        super().__init__(late)
        self._until = until

    def _make(self, name: str) -> Days:
        return _first_day(self._names[name], self._until)


def _first_day(known: Ints, until: int) -> Days:
    """Return the first as_of day that sees what became known at each instant, of what was known before `until`."""
    first = (known // DAY + 1).astype(np.int32)
    if until != NEVER:
        first[first > until // DAY] = NEVER // DAY
    return first


class _Cut(_Lazy):
    """The tables of a view."""

    def __init__(self, tables: Mapping[str, _Stored], before: int) -> None:
        super().__init__(tables)
        self._before = before

    def _make(self, name: str) -> Rows:
        return self._names[name].upto(self._before)


class _DatedTables(_Lazy):
    """The tables of a history with the days at which their rows are visible."""

    def __init__(self, tables: Mapping[str, _Stored], until: int) -> None:
        super().__init__(tables)
        self._until = until

    def _make(self, name: str) -> Dated:
        return self._names[name].dated(self._until)


class History:
    """All rows of one bucket's accounts, from which `upto` cuts what an as_of may see.

    `tables` maps a name of `pipeline.tables.HISTORY_TABLES` to an Arrow table of contract columns as the snapshot
    writes them: texts as strings, times as timestamp[us] in UTC without a zone, numbers and money as int64
    ten-thousandths, flags as bool, plus `known_at` (null: always known) and, per late column, `<name>__known`.
    Only `accounts` may lack `known_at`: it is then a snapshot of today, of which the past sees nothing but
    `opened_at` and the attributes declared `constant`.
    `first_days` maps a table to its (known, first occurred) steps over all buckets (see `first_day_steps`); without
    it, it is taken from the rows given. `accounts` says which accounts there are and when they are seen, where the
    tables hold but some of their rows.
    """

    def __init__(
        self,
        tables: Mapping[str, pa.Table | Given],
        first_days: Mapping[str, Steps] | None = None,
        constant: tuple[str, ...] = (),
        accounts: Accounts | None = None,
    ) -> None:
        self._accounts = accounts
        self.accounts: NDArray[Any] = ids_of(tables.values()) if accounts is None else accounts.ids
        self._tables: Mapping[str, _Stored] = Lazy(
            {
                name: partial(_store, TABLES[name], tables, constant, self.accounts)
                for name in HISTORY_TABLES
                if name in tables
            }
        )
        steps = first_days
        if steps is None:
            steps = {name: first_day_steps(kept.known, kept.rows.occurred) for name, kept in self._tables.items()}
        self._first_days = steps
        self._until = NEVER

    def as_known(self, day: date) -> History:
        """Return the history as it stood at `day`: whatever as_of it is asked for, it tells nothing known later.

        With `history.as_known(a).upto(b)` only time has passed between a and b.
        """
        stood = copy.copy(self)
        stood._until = min(self._until, instant(day))
        return stood

    def upto(self, as_of: date) -> View:
        """Return what is visible at `as_of`: rows with `known_at < as_of`."""
        return self._cut(as_of, instant(as_of))

    def dated(self) -> Mapping[str, Dated]:
        """Return the rows of each table with the as_of days that see them.

        For features at many dates only: what `upto` shows of these rows, and no more, may reach a figure.
        """
        return _DatedTables(self._tables, self._until)

    def known_by(self, day: date) -> View:
        """Return what is known by midnight at the start of `day`, that instant included.

        For labels only: a day-grained row of the window's last day becomes known at exactly that midnight.
        """
        return self._cut(day, instant(day) + 1)

    def _cut(self, day: date, before: int) -> View:
        before = min(before, self._until)
        first = {
            name: min((occurred for known, occurred in steps if known < before), default=MISSING)
            for name, steps in self._first_days.items()
        }
        told = None if self._accounts is None else partial(self._accounts.seen, before)
        return View(day, self.accounts, _Cut(self._tables, before), first, told)


def first_day_steps(known: Ints, occurred: Ints) -> Steps:
    """Return the steps by which a table's first day moves back as rows become known.

    Each pair says: once `known` has passed, the earliest row occurred at `occurred`. Usually a single pair; more
    when backdated rows arrive late.
    """
    present = occurred != MISSING
    if not present.any():
        return []
    known, occurred = known[present], occurred[present]
    # Only what happened before the first row known can move the day back; that is next to nothing.
    moving = occurred <= occurred[known == known.min()].min()
    known, occurred = known[moving], occurred[moving]
    order = np.lexsort((occurred, known))
    known, occurred = known[order], occurred[order]
    lowest = np.minimum.accumulate(occurred)
    steps = np.flatnonzero(np.r_[True, lowest[1:] < lowest[:-1]])
    return [(int(known[step]), int(lowest[step])) for step in steps]


def _without_today(table: pa.Table, constant: tuple[str, ...]) -> pa.Table:
    """Return a snapshot of accounts without today's attributes, known from `opened_at`; other tables as they are."""
    if "known_at" in table.column_names:
        return table
    table = table.select([name for name in ("account_id", "opened_at", *constant) if name in table.column_names])
    opened = table.column("opened_at") if "opened_at" in table.column_names else pa.nulls(len(table))
    return table.append_column("known_at", opened)


def _store(
    contract: Table, tables: Mapping[str, pa.Table | Given], constant: tuple[str, ...], accounts: NDArray[Any]
) -> _Stored:
    given = given_whole(contract, tables[contract.name])
    if contract.name == "accounts":
        given = replace(given, parts=[_without_today(part, constant) for part in given.parts])
    loaded = load(contract, given, accounts)
    rows = Rows(loaded.account, loaded.occurred, loaded.columns, loaded.categories)
    return _Stored(rows, loaded.known, loaded.superseded, loaded.gone, loaded.late)
