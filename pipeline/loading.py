"""Loading: a bucket's Arrow tables as whole numbers in canonical order, each column when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.asof import MISSING, NEVER
from pipeline.corrections import superseded
from pipeline.sorting import canonical_order, is_canonical, stable_order
from pipeline.tables import Table, known_column

Ints = NDArray[np.int64]
Value = TypeVar("Value")


class Lazy(Mapping[str, Value]):
    """A mapping whose values are made when they are first asked for."""

    def __init__(self, makers: Mapping[str, Callable[[], Value]]) -> None:
        self._makers = dict(makers)
        self._made: dict[str, Value] = {}

    def __getitem__(self, name: str) -> Value:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._makers

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


@dataclass(frozen=True)
class Given:
    """The rows of one table.

    `parts` follow one another in time and each lies in canonical order when `ordered`, else rows may lie anyhow.
    `key` holds the columns that make rows corrections of one another; None also where no key repeats. `further` reads
    columns that the parts lack, in the order of the parts, when they are asked for.
    """

    parts: Sequence[pa.Table]
    key: tuple[str, ...] | None
    ordered: bool = False
    further: Mapping[str, Callable[[], pa.ChunkedArray]] = field(default_factory=dict)


def given_whole(contract: Table, table: pa.Table | Given) -> Given:
    """Return the rows of a table that may be given whole, its rows in any order."""
    return table if isinstance(table, Given) else Given((table,), contract.key_among({*table.column_names}))


@dataclass(frozen=True)
class Accounts:
    """The accounts of a bucket, by id, and the spans in which any row of theirs is visible.

    `account` holds positions in `ids`; an account is seen by what is known before an instant when
    `first < instant <= last` in any of its spans.
    """

    ids: NDArray[Any]
    account: Ints
    first: Ints
    last: Ints

    def seen(self, before: int) -> NDArray[np.bool_]:
        """Return which accounts are seen by what is known before the instant."""
        marks = np.zeros(len(self.ids), dtype=bool)
        marks[self.account[(self.first < before) & (self.last >= before)]] = True
        return marks


def ids_of(tables: Iterable[pa.Table | Given]) -> NDArray[Any]:
    """Return the ids of the accounts that have rows, ascending."""
    parts = [part for each in tables for part in (each.parts if isinstance(each, Given) else (each,))]
    ids = [pc.unique(part.column("account_id").cast(pa.string())) for part in parts]
    merged = pc.unique(pa.chunked_array(ids, type=pa.string())) if ids else pa.array([], pa.string())
    return np.sort(merged.to_numpy(zero_copy_only=False).astype(object))


@dataclass(frozen=True)
class Loaded:
    """One table in canonical order: what `pipeline.history.Rows` holds, and the instants that bound visibility."""

    account: Ints
    occurred: Ints
    columns: Mapping[str, Ints]
    categories: Mapping[str, tuple[str, ...]]
    known: Ints
    superseded: Ints
    gone: Ints
    late: Mapping[str, Ints]


def load(contract: Table, given: Given, accounts: NDArray[Any]) -> Loaded:
    """Return the rows of a table; `accounts` are all ids of the bucket, ascending.

    The order of the rows is taken from the parts where they say so, else checked, and mended where it is not so.
    """
    table = pa.concat_tables(given.parts)
    ids = pa.array(accounts, pa.string())
    account = positions_in(table.column("account_id"), ids)
    order: Ints | None = None
    if given.ordered:
        if len(given.parts) > 1:
            order = stable_order(account, len(accounts))
    elif not is_canonical(table, account, contract):
        table = canonical_order(table, contract)
        account = positions_in(table.column("account_id"), ids)
    if order is not None:
        account = account[order]
    held = {name: _Column(partial(table.column, name), order) for name in table.column_names}
    held |= {name: _Column(read, order) for name, read in given.further.items()}
    numbers = {
        name: column.numbers
        for name, column in held.items()
        if name not in ("account_id", "text") and not name.endswith("__known")
    }
    known = numbers.pop("known_at")()
    late = {
        column.name: partial(held[known_column(column.name)].numbers, NEVER)
        for column in contract.columns
        if column.late and column.name in numbers
    }
    gone = late.pop(contract.gone or "", None)
    numbers.pop(contract.gone or "", None)  # a row is absent from then on, and before then nobody knows
    columns = Lazy(numbers)
    texts = {
        name: held[name].texts for name in numbers if name in given.further or _is_text(table.schema.field(name).type)
    }
    never = np.full(len(account), NEVER)
    return Loaded(
        account.astype(np.int64, copy=False),
        columns.get(contract.occurred or "", never),
        columns,
        Lazy(texts),
        known,
        never if given.key is None else superseded(account, columns, known, given.key),
        never if gone is None else gone(),
        Lazy(late),
    )


def positions_in(column: pa.ChunkedArray, ids: pa.Array) -> NDArray[Any]:
    """Return where each text of a column, in which none is missing, lies in `ids`."""
    codes, texts = _codes(column)
    return pc.index_in(texts, value_set=ids).to_numpy(zero_copy_only=False)[codes]


def _codes(column: pa.ChunkedArray) -> tuple[NDArray[Any], pa.Array]:
    """Return a text column as positions in the texts that it holds, -1 for null."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    column = column.unify_dictionaries()
    if not column.num_chunks:
        return np.empty(0, np.int32), pa.array([], pa.string())
    chunks = [pc.fill_null(chunk.indices, -1).to_numpy() for chunk in column.chunks]
    return (chunks[0] if len(chunks) == 1 else np.concatenate(chunks)), column.chunk(0).dictionary


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_dictionary(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)


class _Column:
    """A column that is read when it is asked for, and brought into an order."""

    def __init__(self, read: Callable[[], pa.ChunkedArray], order: Ints | None) -> None:
        self._read, self._order = read, order

    @cached_property
    def _encoded(self) -> tuple[NDArray[Any], pa.Array]:
        return _codes(self._read())

    def texts(self) -> tuple[str, ...]:
        return tuple(self._encoded[1].to_pylist())

    def numbers(self, null: int = MISSING) -> Ints:
        column = self._read()
        values = self._encoded[0] if _is_text(column.type) else numbers(column, null)
        values = values if self._order is None else values[self._order]
        return _widened(values, null) if _is_text(column.type) else values


def _widened(codes: NDArray[Any], null: int) -> Ints:
    values = codes.astype(np.int64)
    values[codes < 0] = null
    return values


def numbers(column: pa.ChunkedArray, null: int = MISSING) -> Ints:
    """Return a column as int64, texts as positions, with `null` for nulls."""
    if _is_text(column.type):
        return _widened(_codes(column)[0], null)
    if pa.types.is_null(column.type) or not len(column):
        return np.full(len(column), null)
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us"))
    elif pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    column = column.cast(pa.int64())
    chunks = [pc.fill_null(chunk, null).to_numpy() for chunk in column.chunks]
    return chunks[0] if len(chunks) == 1 else np.concatenate(chunks)
