"""The one cut: the only code that decides what is visible at an as_of.

A row is visible when `known_at < as_of`. Of rows with the same key only the latest visible one counts; a late column
is blank until it became known; a cancelled or voided row is absent from that moment on. Features, cohorts and scores
get a `View` and have no way to ask for more. Only the labelling module (models/targets) opens `known_by`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.asof import MISSING, NEVER, instant
from pipeline.tables import HISTORY_TABLES, TABLES, Table, known_column

Ints = NDArray[np.int64]
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

    @property
    def at(self) -> int:
        """as_of in microseconds."""
        return instant(self.as_of)

    @cached_property
    def seen(self) -> Flags:
        """Which accounts have any visible row."""
        seen = np.zeros(len(self.accounts), dtype=bool)
        for rows in self.tables.values():
            seen[rows.account] = True
        return seen

    def rows(self, table: str) -> Rows | None:
        return self.tables.get(table)


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


class _Cut(_Lazy):
    """The tables of a view."""

    def __init__(self, tables: Mapping[str, _Stored], before: int) -> None:
        super().__init__(tables)
        self._before = before

    def _make(self, name: str) -> Rows:
        return self._names[name].upto(self._before)


class History:
    """All rows of one bucket's accounts, from which `upto` cuts what an as_of may see.

    `tables` maps a name of `pipeline.tables.HISTORY_TABLES` to an Arrow table of contract columns as the snapshot
    writes them: texts as strings, times as timestamp[us] in UTC without a zone, numbers and money as int64
    ten-thousandths, flags as bool, plus `known_at` (null: always known) and, per late column, `<name>__known`.
    Only `accounts` may lack `known_at`: it is then a snapshot of today, of which the past sees nothing but
    `opened_at` and the attributes declared `constant`.
    `first_days` maps a table to its (known, first occurred) steps over all buckets (see `first_day_steps`); without
    it, it is taken from the rows given.
    """

    def __init__(
        self,
        tables: Mapping[str, pa.Table],
        first_days: Mapping[str, Steps] | None = None,
        constant: tuple[str, ...] = (),
    ) -> None:
        ids = [pc.unique(table.column("account_id").combine_chunks()) for table in tables.values()]
        merged = pc.unique(pa.chunked_array(ids, type=pa.string())) if ids else pa.array([], pa.string())
        self.accounts: NDArray[Any] = np.sort(merged.to_numpy(zero_copy_only=False).astype(object))
        self._tables = {
            name: _store(TABLES[name], _without_today(tables[name], constant), self.accounts)
            for name in HISTORY_TABLES
            if name in tables
        }
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
        return View(day, self.accounts, _Cut(self._tables, before), first)


def first_day_steps(known: Ints, occurred: Ints) -> Steps:
    """Return the steps by which a table's first day moves back as rows become known.

    Each pair says: once `known` has passed, the earliest row occurred at `occurred`. Usually a single pair; more
    when backdated rows arrive late.
    """
    present = occurred != MISSING
    if not present.any():
        return []
    known, occurred = known[present], occurred[present]
    order = np.lexsort((occurred, known))
    known, occurred = known[order], occurred[order]
    lowest = np.minimum.accumulate(occurred)
    steps = np.flatnonzero(np.r_[True, lowest[1:] < lowest[:-1]])
    return [(int(known[step]), int(lowest[step])) for step in steps]


def canonical_order(table: pa.Table, contract: Table) -> pa.Table:
    """Return the rows sorted by account, occurrence, knowledge and then every other column, late ones last.

    Sorting by the whole content makes everything downstream independent of the order of the source. Late columns
    come last, so that a value not yet known does not decide which of two rows comes first.
    """
    first = [name for name in ("account_id", contract.occurred, "known_at") if name in table.column_names]
    late = {name for column in contract.columns if column.late for name in (column.name, known_column(column.name))}
    rest = sorted(set(table.column_names) - set(first), key=lambda name: (name in late, name))
    return table.sort_by([(name, "ascending") for name in [*first, *rest]])


def _without_today(table: pa.Table, constant: tuple[str, ...]) -> pa.Table:
    """Return a snapshot of accounts without today's attributes, known from `opened_at`; other tables as they are."""
    if "known_at" in table.column_names:
        return table
    table = table.select([name for name in ("account_id", "opened_at", *constant) if name in table.column_names])
    opened = table.column("opened_at") if "opened_at" in table.column_names else pa.nulls(len(table))
    return table.append_column("known_at", opened)


def _store(contract: Table, table: pa.Table, accounts: NDArray[Any]) -> _Stored:
    table = canonical_order(table, contract)
    account = pc.index_in(table.column("account_id"), value_set=pa.array(accounts, pa.string()))
    position = account.to_numpy().astype(np.int64)
    columns: dict[str, Ints] = {}
    categories: dict[str, tuple[str, ...]] = {}
    for name in table.column_names:
        if name in ("account_id", "text") or name.endswith("__known"):
            continue
        columns[name], texts = _numbers(table.column(name))
        if texts is not None:
            categories[name] = texts
    known = columns.pop("known_at")
    occurred = columns.get(contract.occurred or "")
    late = {
        column.name: _numbers(table.column(known_column(column.name)), null=NEVER)[0]
        for column in contract.columns
        if column.late and column.name in columns
    }
    gone = late.pop(contract.gone or "", None)
    columns.pop(contract.gone or "", None)  # a row is absent from then on, and before then nobody knows
    never = np.full(len(position), NEVER)
    rows = Rows(position, never if occurred is None else occurred, columns, categories)
    key = contract.key_among({*table.column_names})
    superseded = never if key is None else _superseded(rows, known, key)
    return _Stored(rows, known, superseded, never if gone is None else gone, late)


def _numbers(column: pa.ChunkedArray, null: int = MISSING) -> tuple[Ints, tuple[str, ...] | None]:
    """Return a column as int64 with `null` for nulls, and the texts that positions stand for."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        encoded = column.combine_chunks().dictionary_encode()
        texts = tuple(encoded.dictionary.to_pylist())
        return pc.fill_null(encoded.indices.cast(pa.int64()), null).to_numpy(), texts
    if pa.types.is_null(column.type):
        return np.full(len(column), null), None
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us"))
    elif pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    return pc.fill_null(column.cast(pa.int64()), null).to_numpy().astype(np.int64, copy=False), None


def _superseded(rows: Rows, known: Ints, key: tuple[str, ...]) -> Ints:
    """Return per row the instant from which a later row with the same key has taken its place (NEVER: none has).

    Rows known at the same instant are ordered by content: rows arrive in canonical order, so by position. A row
    without a full id is nobody's correction.
    """
    superseded = np.full(len(known), NEVER)
    with_id = np.ones(len(known), dtype=bool)
    for name in key:
        # (product, started_at) is a key even where no product is named: the account then has one such line.
        if name.endswith("_id") and name != "account_id":
            with_id &= rows.columns[name] != MISSING
    with_id = np.flatnonzero(with_id)
    parts = [rows.columns[name][with_id] for name in key if name != "account_id"]
    account, when = rows.account[with_id], known[with_id]
    order = np.lexsort((np.arange(len(with_id)), when, *parts, account))
    same = account[order][1:] == account[order][:-1]
    for part in parts:
        same &= part[order][1:] == part[order][:-1]
    earlier, later = order[:-1][same], order[1:][same]
    # Equal instants: the earlier row is never visible, because it is superseded at the instant it is known.
    superseded[with_id[earlier]] = when[later]
    return superseded
