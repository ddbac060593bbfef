"""A bucket's files: its rows in parts, its accounts, and a description of both, written last."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.asof import DAY, MISSING, NEVER
from pipeline.bucket_rows import BucketRows
from pipeline.day_sums import day_order, days_of, sum_by_day
from pipeline.errors import SourceError
from pipeline.history import first_day_steps
from pipeline.layout import Layout
from pipeline.parts import Part, Split, file_name, split, taken_over, whole, write_part

IDS = "ids.parquet"
"""The file of a bucket with its accounts, from whichever table they come: `account_id`, ascending, and `in_history`."""

SEEN = "seen.parquet"
"""The file of a bucket with the spans in which its accounts are seen: see `pipeline.loading.Accounts`."""

_DESCRIPTION = "bucket.json"

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class BucketWritten:
    """A bucket that lies on disk: its number, and how many parts were kept and written.

    `description` is what `bucket.json` says for the whole snapshot: per table `first_days` and, in an array,
    `known_days`. It is kept for all buckets, so the rest, of which there is much, is left out.
    """

    bucket: int
    description: Mapping[str, Any]
    kept: int = 0
    written: int = 0


def bucket_room(folder: Path, bucket: int) -> Path:
    return folder / f"bucket={bucket:05d}"


def part_file(folder: Path, bucket: int, table: str, part: Part) -> Path:
    return bucket_room(folder, bucket) / table / part.file


def parts_in(description: Mapping[str, Any], table: str) -> list[Part]:
    """Return the parts of a table, in time, as a bucket's description has them."""
    return [Part(*row) for row in description["tables"][table]["parts"]]


def read_description(folder: Path, bucket: int) -> Mapping[str, Any]:
    """Return what is said of a bucket; raises SourceError when nothing readable is there."""
    file = bucket_room(folder, bucket) / _DESCRIPTION
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SourceError(f"snapshot file {file} cannot be read: {error}. Remove {folder} and build again.") from None


def on_disk(folder: Path, bucket: int) -> BucketWritten | None:
    """Return the bucket when it lies whole in `folder`: all parts are there, of the size they were written with."""
    try:
        description = read_description(folder, bucket)
        files = [
            (part_file(folder, bucket, table, part), part.size)
            for table in description["tables"]
            for part in parts_in(description, table)
        ]
        files += [(bucket_room(folder, bucket) / name, size) for name, size in description["files"].items()]
        if all(file.stat().st_size == size for file, size in files):
            return BucketWritten(bucket, _for_the_whole(description), kept=len(files) - len(description["files"]))
    except (SourceError, OSError, KeyError, TypeError):
        pass
    return None


def write_bucket(
    rows: Mapping[str, pa.Table], layout: Layout, folder: Path, bucket: int, before: Path | None = None
) -> BucketWritten:
    """Write one bucket of a snapshot into `folder`; files that lie there already are kept.

    `rows` gives per table of the layout the bucket's rows in any order, with the columns of `layout.given_columns`.
    `before` is an earlier snapshot of the same layout, from which parts that say the same are taken over. May be
    called again after a kill, or by two processes at once: files have the names of what they say, and are whole.
    Raises OSError when the folder cannot be written.
    """
    room = bucket_room(folder, bucket)
    room.mkdir(parents=True, exist_ok=True)
    ids = _ids(rows.values())
    described, tables, kept, written = {}, {}, 0, 0
    for name, table in layout.tables.items():
        read = BucketRows.of(table, rows[name].combine_chunks(), ids)
        parts = split(table, read.occurred)
        (room / name).mkdir(exist_ok=True)
        earlier = None if before is None else bucket_room(before, bucket) / name
        low, high = read.bits("")
        there = []
        for part, chosen in zip(parts.names, parts.positions, strict=True):
            file = room / name / file_name(table, part, low[chosen], high[chosen])
            if whole(file, len(chosen)) or taken_over(file, earlier, len(chosen)):
                kept += 1
            else:
                write_part(file, table, read.stored, chosen, read.account, read.occurred)
                written += 1
            there.append((part, file.name, len(chosen), file.stat().st_size))
        described[name] = {"parts": there, **(_known(read, parts) if table.cut else {})}
        tables[name] = read
    files = _write_accounts(room, ids, [read for read in tables.values() if read.table.cut])
    description = {"accounts": len(ids), "files": files, "tables": described}
    writing = room / f"{_DESCRIPTION}.{uuid4().hex}.writing"
    writing.write_text(json.dumps(description, sort_keys=True), encoding="utf-8")
    writing.replace(room / _DESCRIPTION)
    return BucketWritten(bucket, _for_the_whole(description), kept, written)


def _for_the_whole(description: Mapping[str, Any]) -> dict[str, Any]:
    tables = {name: each for name, each in description["tables"].items() if "known_days" in each}
    return {
        "tables": {
            name: {
                "first_days": each["first_days"],
                "known_days": np.array(each["known_days"], np.int64).reshape(-1, 2),
            }
            for name, each in tables.items()
        }
    }


def _ids(tables: Iterable[pa.Table]) -> pa.Array:
    ids = [pc.unique(table.column("account_id")) for table in tables]
    merged = pc.unique(pa.chunked_array(ids, pa.string()))
    return merged.take(pc.sort_indices(merged))


def _known(rows: BucketRows, parts: Split) -> dict[str, Any]:
    """Return what is said of a table beside its parts.

    The steps of its first day; the midnights by which rows became known, see `Snapshot.known_days`; the digests of
    what became known, by day; whether rows correct others, and which parts then belong together.
    """
    days = days_of(rows.known)
    digests = [(days, *rows.bits("_own" if rows.table.parted else ""))]
    for column in rows.table.late:
        late = rows.known_late(column)
        told = np.flatnonzero(late != NEVER)
        low, high = rows.bits(f"_{column}")
        digests.append((np.maximum(days[told], late[told] // DAY), low[told], high[told]))
    chosen, agreed = rows.corrected
    order = np.argsort(agreed, kind="stable")
    part, agreed = parts.of_rows(len(days))[chosen][order], agreed[order]
    apart = np.flatnonzero((agreed[1:] == agreed[:-1]) & (part[1:] != part[:-1]))
    pairs = {(int(min(pair)), int(max(pair))) for pair in zip(part[apart], part[apart + 1], strict=True)}
    return {
        "first_days": first_day_steps(rows.known, np.where(rows.occurred == NEVER, MISSING, rows.occurred)),
        "known_days": known_days(rows.known),
        "digests": sum_by_day(digests).as_data(),
        "corrects": bool(len(chosen)),
        "together": [[parts.names[one], parts.names[other]] for one, other in sorted(pairs)],
    }


def known_days(known: Ints) -> list[tuple[int, int]]:
    """Return the midnights by which rows were known, each with the day in which the latest of them became known."""
    known = known[known != MISSING]
    if not len(known):
        return []
    days = known // DAY
    exact = known == days * DAY
    at_midnight = {*_distinct(days[exact]).tolist()}
    midnights = at_midnight | {*(_distinct(days[~exact]) + 1).tolist()}
    return [(midnight, midnight if midnight in at_midnight else midnight - 1) for midnight in sorted(midnights)]


def _distinct(days: Ints) -> Ints:
    if not len(days):
        return days
    ascending = days[day_order(days)]
    return ascending[np.r_[True, ascending[1:] != ascending[:-1]]]


def _write_accounts(room: Path, ids: pa.Array, tables: Sequence[BucketRows]) -> dict[str, int]:
    """Write the bucket's accounts and when they are seen; return the sizes of both files."""
    spans = [each.spans() for each in tables]
    none = np.empty(0, np.int64)
    account, first, last = (
        np.concatenate([none, *(each[n] for each in spans)]).astype(np.int64, copy=False) for n in range(3)
    )
    lasting = last == NEVER
    since = np.full(len(ids), NEVER)
    np.minimum.at(since, account[lasting], first[lasting])
    # What ends tells nothing of an account that is seen all the time.
    ending = ~lasting & (first < since[account])
    seen = np.flatnonzero(since != NEVER)
    account, first, last = (
        np.concatenate(pair)
        for pair in (
            (seen, account[ending]), (since[seen], first[ending]), (np.full(len(seen), NEVER), last[ending])
        )
    )  # fmt: skip
    order = np.lexsort((last, first, account))
    in_history = np.zeros(len(ids), dtype=bool)
    for each in tables:
        in_history[each.account] = True
    files = {
        IDS: pa.table({"account_id": ids, "in_history": in_history}),
        SEEN: pa.table({"account": account[order], "first": first[order], "last": last[order]}),
    }
    for name, table in files.items():
        writing = room / f"{name}.{uuid4().hex}.writing"
        pq.write_table(table, writing, write_statistics=False, write_page_checksum=True)
        writing.replace(room / name)
    return {name: (room / name).stat().st_size for name in files}
