"""The canonical order of a table's rows: by account, occurrence, knowledge, then by everything else they say.

Sorting by the whole content makes everything downstream independent of the order of the source. Late columns come
last, so that a value not yet known does not decide which of two rows comes first. Nulls come last.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.tables import Table, known_column

Ints = NDArray[np.int64]


def canonical_names(names: Iterable[str], contract: Table) -> list[str]:
    """Return the columns of a table in the order in which they decide about the order of its rows."""
    present = set(names)
    first = [name for name in ("account_id", contract.occurred, "known_at") if name in present]
    late = {name for column in contract.columns if column.late for name in (column.name, known_column(column.name))}
    return [*first, *sorted(present - set(first), key=lambda name: (name in late, name))]


def canonical_order(table: pa.Table, contract: Table) -> pa.Table:
    """Return the rows in canonical order."""
    texts = [n for n, field in enumerate(table.schema) if pa.types.is_dictionary(field.type)]
    for n in texts:
        table = table.set_column(n, table.column_names[n], table.column(n).cast(pa.string()))
    return table.sort_by([(name, "ascending") for name in canonical_names(table.column_names, contract)])


def canonical_positions(
    table: pa.Table, positions: Ints, account: NDArray[Any], occurred: Ints, contract: Table
) -> Ints:
    """Return the positions, of some rows, in canonical order.

    `account` holds positions in ascending ids, `occurred` microseconds, NEVER where null, both of all rows. The two
    settle almost everything as one number; only rows that tie are compared by all they say.
    """
    if not len(positions):
        return positions
    account, occurred = account[positions], occurred[positions]
    least, most = int(occurred.min()), int(occurred.max())
    width = (most - least).bit_length()
    if width + int(account.max()).bit_length() < 64:
        both = (account.astype(np.uint64) << np.uint64(width)) | (occurred - least).astype(np.uint64)
        order = np.argsort(both)
        both = both[order]
        same = both[1:] == both[:-1]
    else:
        order = np.lexsort((occurred, account))
        same = (np.diff(account[order]) == 0) & (np.diff(occurred[order]) == 0)
    ordered = positions[order]
    if same.any():
        tied = np.flatnonzero(np.r_[same, False] | np.r_[False, same])
        keys = [(name, "ascending") for name in canonical_names(table.column_names, contract)]
        ordered[tied] = ordered[tied][pc.sort_indices(table.take(ordered[tied]), keys).to_numpy()]
    return ordered


def is_canonical(table: pa.Table, account: NDArray[Any], contract: Table) -> bool:
    """Whether rows lie in canonical order; `account` holds positions in ascending ids.

    Each further column is looked at only where neighbours agree in all before it.
    """
    steps = np.diff(account)
    if (steps < 0).any():
        return False
    ties = np.flatnonzero(steps == 0)
    for name in canonical_names(table.column_names, contract)[1:]:
        if not len(ties):
            return True
        column = table.column(name)
        if pa.types.is_null(column.type):
            continue
        if pa.types.is_dictionary(column.type):
            column = column.cast(pa.string())
        before, after = column.take(ties), column.take(ties + 1)
        larger = pc.greater(before, after).fill_null(False)
        upset = pc.or_(larger, pc.and_(pc.is_null(before), pc.is_valid(after)))
        if pc.any(upset).as_py():
            return False
        equal = pc.or_(pc.equal(before, after).fill_null(False), pc.and_(pc.is_null(before), pc.is_null(after)))
        ties = ties[equal.to_numpy().astype(bool)]
    return True


def stable_order(codes: NDArray[Any], count: int) -> Ints:
    """Return the positions that sort codes from 0 to `count` - 1, equal ones in the order they have.

    Numpy sorts 16 bits in linear time, so two such passes do for any number of accounts.
    """
    if count <= 1 << 16:
        return np.argsort(codes.astype(np.uint16), kind="stable")
    low = np.argsort((codes & 0xFFFF).astype(np.uint16), kind="stable")
    return low[np.argsort((codes[low] >> 16).astype(np.uint16), kind="stable")]
