"""Parts of a table in a bucket: one Parquet file per month of occurrence, named by what it says.

A part's name holds the digest of its rows, so a file that is there under its name is what would be written: a killed
write goes on behind it, and a later snapshot takes it over by a hard link.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.asof import DAY, NEVER
from pipeline.layout import MONTHLY, TableLayout
from pipeline.sorting import canonical_positions, stable_order

Ints = NDArray[np.int64]

WHOLE = "all"
"""The part of a table that is not parted by month."""

UNDATED = "undated"
"""The part of the rows that say no time; it follows all others."""


@dataclass(frozen=True)
class Part:
    """A part as a bucket's description has it."""

    name: str
    file: str
    rows: int
    size: int


@dataclass(frozen=True)
class Split:
    """The positions of a table's rows, part by part in time."""

    names: list[str]
    positions: list[Ints]

    def of_rows(self, count: int) -> NDArray[np.int32]:
        """Return for each row the position of its part."""
        part = np.empty(count, dtype=np.int32)
        for number, positions in enumerate(self.positions):
            part[positions] = number
        return part


def split(table: TableLayout, occurred: Ints) -> Split:
    """Return the parts of rows that occurred at these instants, NEVER where they say no time."""
    if table.name not in MONTHLY or not len(occurred):
        return Split([WHOLE], [np.arange(len(occurred))])
    undated = occurred == NEVER
    months = (np.where(undated, 0, occurred) // DAY).astype("M8[D]").astype("M8[M]").astype(np.int64)
    least = int(months.min(initial=0))
    codes = np.where(undated, int(months.max(initial=0)) + 1, months) - least
    order = stable_order(codes, int(codes.max(initial=0)) + 1)
    starts = np.flatnonzero(np.r_[True, np.diff(codes[order]) != 0])
    names = [
        UNDATED if undated[first] else str(np.datetime64(int(codes[first]) + least, "M")) for first in order[starts]
    ]
    return Split(names, np.split(order, starts[1:]))


def file_name(table: TableLayout, part: str, low: NDArray[np.uint64], high: NDArray[np.uint64]) -> str:
    """Return the name of the part's file, given both halves of its rows' digests."""
    said = f"{table.stored} {len(low)} {int(low.sum())} {int(high.sum())}"
    return f"{part}-{hashlib.sha256(said.encode()).hexdigest()[:24]}.parquet"


def write_part(
    file: Path, table: TableLayout, rows: pa.Table, positions: Ints, account: NDArray[Any], occurred: Ints
) -> None:
    """Write the rows at these positions in canonical order, to another name that is then changed.

    `account` holds positions in ascending ids; `rows` should lie in one chunk, or each call joins them anew.
    """
    rows = rows.take(canonical_positions(rows, positions, account, occurred, table.contract))
    texts = [field.name for field in rows.schema if pa.types.is_string(field.type)]
    # Ids of rows repeat so seldom that a dictionary of them is larger than they are.
    own = {name for name in table.key or () if name.endswith("_id") and name != "account_id"}
    writing = _writing(file)
    pq.write_table(
        rows,
        writing,
        compression="zstd",
        use_dictionary=[name for name in texts if name not in own],
        write_statistics=False,
        write_page_checksum=True,  # it may be taken over for years
    )
    writing.replace(file)


def whole(file: Path, rows: int) -> bool:
    """Whether a file that has the name of a part can be read and has its rows; one cut short is not."""
    try:
        return pq.read_metadata(file).num_rows == rows
    except (OSError, pa.ArrowException):
        return False


def taken_over(file: Path, before: Path | None, rows: int) -> bool:
    """Take the part over from the same place in an earlier snapshot, by a hard link or a copy; False: it has none."""
    if before is None or not whole(before / file.name, rows):
        return False
    writing = _writing(file)
    try:
        os.link(before / file.name, writing)
    except FileNotFoundError:  # another command tidies up
        return False
    except OSError:  # another file system, or one without links
        shutil.copyfile(before / file.name, writing)
    writing.replace(file)
    return True


def parts_since(parts: Sequence[Part], together: Sequence[tuple[str, str]], since: date) -> list[Part]:
    """Return the parts with rows that occurred on `since` or later, and those that correct them or that they correct.

    `together` names pairs of parts with rows that correct one another. At least one part is returned.
    """
    dated = [part.name not in (WHOLE, UNDATED) for part in parts]
    names = {part.name for part, has in zip(parts, dated, strict=True) if not has or part.name >= f"{since:%Y-%m}"}
    names = names or {parts[-1].name}
    while more := {name for pair in together for name in pair if names & {*pair}} - names:
        names |= more
    return [part for part in parts if part.name in names]


def read_part(file: Path, columns: list[str] | None = None, encoded: bool = True) -> pa.Table:
    """Return the rows of a part, texts as positions in a dictionary where `encoded`.

    Raises OSError when the file is missing or damaged.
    """
    with pq.ParquetFile(file) as opened:
        schema = opened.schema_arrow
    texts = [field.name for field in schema if encoded and pa.types.is_string(field.type)]
    with pq.ParquetFile(file, read_dictionary=texts, page_checksum_verification=True) as opened:
        return opened.read(columns, use_threads=False)


def _writing(file: Path) -> Path:
    """Return a name that nobody else writes under: on a cluster, others may have the same process id."""
    return file.with_name(f"{file.name}.{uuid4().hex}.writing")
