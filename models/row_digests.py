"""Digests of tables that the order of rows does not change, nor how they were dealt into parts: sums over the rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

BITS = 128
BLOCK = 16_384
"""Rows whose bytes are held at once."""


@dataclass(frozen=True)
class RowDigest:
    """How many rows there are, and the sum of their BLAKE2b digests of `BITS` bits, modulo 2^BITS."""

    rows: int = 0
    total: int = 0

    @classmethod
    def of(cls, table: pa.Table) -> RowDigest:
        """Return the digest of a table: what its rows say, column by column, whatever the columns are called.

        Numbers, flags, times and texts; null and NaN are one.
        """
        total = 0
        for row in _rows(table):
            total += int.from_bytes(hashlib.blake2b(row, digest_size=BITS // 8).digest(), "little")
        return cls(table.num_rows, total % 2**BITS)

    def __add__(self, other: RowDigest) -> RowDigest:
        return RowDigest(self.rows + other.rows, (self.total + other.total) % 2**BITS)

    def plain(self) -> list[object]:
        """Return it as JSON can hold it."""
        return [self.rows, f"{self.total:032x}"]

    @classmethod
    def read(cls, plain: Iterable[object]) -> RowDigest:
        """Return what `plain` gave."""
        rows, total = plain
        return cls(int(str(rows)), int(str(total), 16))


def digest_of(parts: Iterable[tuple[str, Iterable[str], RowDigest]]) -> str:
    """Return the SHA-256 of named tables, each with its columns and the digest of its rows."""
    said = [[name, list(columns), *digest.plain()] for name, columns, digest in parts]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _rows(table: pa.Table) -> Iterator[bytes]:
    """Yield the bytes of each row: its texts, then eight bytes per number and per text's length.

    With the lengths, texts cannot run together.
    """
    for first in range(0, table.num_rows, BLOCK):
        block = table.slice(first, BLOCK)
        texts, numbers = [], []
        for column in block.columns:
            if _is_text(column.type):
                texts.append(column.cast(pa.string()).cast(pa.binary()))
                numbers.append(pc.binary_length(texts[-1]).fill_null(-1).to_numpy().astype(np.float64))
            else:
                numbers.append(_numbers(column))
        packed = np.ascontiguousarray(np.column_stack(numbers)).tobytes() if numbers else b""
        width = 8 * len(numbers)
        joined = [b""] * block.num_rows
        if texts:
            whole = pc.binary_join_element_wise(*texts, b"", null_handling="replace", null_replacement=b"")
            joined = whole.to_pylist()
        for row, text in enumerate(joined):
            yield text + packed[row * width : (row + 1) * width]


def _is_text(kind: pa.DataType) -> bool:
    # A column of blanks alone has no type to tell by, and only texts come without one.
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_dictionary, pa.types.is_null)
    return any(is_kind(kind) for is_kind in kinds)


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us")).cast(pa.int64())
    # Microseconds since 1970 up to the year 2255 fit into a double exactly, as ranks and flags do.
    values = column.cast(pa.float64()).to_numpy()
    return np.where(np.isnan(values), np.nan, values)
