"""The rows of one table of a bucket as its writer reads them: numbers beside the columns that are stored."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.asof import MISSING, NEVER
from pipeline.corrections import repeats, superseded
from pipeline.layout import TableLayout
from pipeline.loading import numbers, positions_in
from pipeline.sorting import canonical_positions
from pipeline.tables import known_column

Ints = NDArray[np.int64]
Bits = NDArray[np.uint64]


@dataclass(frozen=True)
class BucketRows:
    """The rows of a table with the columns of `layout.given_columns`, in any order.

    `account` holds positions in the bucket's ids. `occurred` is NEVER where a row says no time; `known` is MISSING
    where a row was always known.
    """

    table: TableLayout
    given: pa.Table
    account: NDArray[Any]
    occurred: Ints
    known: Ints

    @classmethod
    def of(cls, table: TableLayout, given: pa.Table, ids: pa.Array) -> BucketRows:
        def instants(name: str | None, null: int) -> Ints:
            return numbers(given.column(name), null) if name in table.stored else np.full(len(given), null)

        account = positions_in(given.column("account_id"), ids)
        return cls(table, given, account, instants(table.contract.occurred, NEVER), instants(table.known, MISSING))

    @property
    def stored(self) -> pa.Table:
        return self.given.select(self.table.stored)

    def bits(self, prefix: str) -> tuple[Bits, Bits]:
        """Return both halves of the digests that `layout.given_columns` names so."""
        return self._bits(f"{prefix}_low"), self._bits(f"{prefix}_high")

    def _bits(self, name: str) -> Bits:
        return self.given.column(name).to_numpy().astype(np.uint64, copy=False)

    def known_late(self, column: str) -> Ints:
        """Return when each value of a late column became known, NEVER where it has none."""
        return numbers(self.given.column(known_column(column)), null=NEVER)

    @cached_property
    def corrected(self) -> tuple[Ints, Bits]:
        """The positions of rows that others may correct, and what those agree on; hardly any others are among them."""
        if self.table.key is None:
            return np.empty(0, np.int64), np.empty(0, np.uint64)
        keys = self.given.column("_key")
        with_key = np.flatnonzero(pc.is_valid(keys).to_numpy())
        values = pc.drop_null(keys).to_numpy().astype(np.uint64, copy=False)
        mask = repeats(values)
        return with_key[mask], values[mask]

    def spans(self) -> tuple[NDArray[Any], Ints, Ints]:
        """Return account, first and last of the spans in which rows are visible, enough to tell who is seen.

        Corrections take one another's place at one instant, so that where no row goes, an account is seen from its
        first row on.
        """
        gone = self.table.contract.gone
        ends = self.known_late(gone) if gone in self.table.late else None
        if ends is not None and (ends != NEVER).any():
            return self.account, self.known, np.minimum(ends, self._superseded())
        first = np.full(int(self.account.max(initial=-1)) + 1, NEVER)
        np.minimum.at(first, self.account, self.known)
        account = np.flatnonzero(np.isin(np.arange(len(first)), self.account))
        return account, first[account], np.full(len(account), NEVER)

    def _superseded(self) -> Ints:
        until = np.full(len(self.given), NEVER)
        chosen, _ = self.corrected
        if len(chosen) and self.table.key is not None:
            chosen = canonical_positions(self.stored, chosen, self.account, self.occurred, self.table.contract)
            columns = {name: numbers(self.given.column(name).take(chosen)) for name in self.table.key}
            until[chosen] = superseded(self.account[chosen], columns, self.known[chosen], self.table.key)
        return until
