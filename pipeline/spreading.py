"""Spreading: staged rows dealt out to the buckets of their accounts, through files where they do not fit at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.layout import Layout, bucket_of, given_columns
from pipeline.memory import plan
from pipeline.sorting import stable_order
from pipeline.staging import Stage

BATCH = 200_000
"""Rows that are dealt out at a time."""

DEALING_GB = 0.2
"""What they take beside DuckDB, as they come and as they are put in the order of the buckets."""


def spread(
    stage: Stage, layout: Layout, wanted: Sequence[int], room: Path
) -> Iterator[tuple[int, dict[str, pa.Table]]]:
    """Yield each wanted bucket, in order, with its rows: per table the columns of `layout.given_columns`.

    With several buckets the rows of all of them go through files in `room` first, so that one is held at a time.
    """
    if not wanted:
        return
    if layout.buckets == 1:
        yield 0, rows_of(stage, layout)
        return
    duckdb_gb = plan(stage.settings).duckdb_gb
    stage.con.execute(f"SET memory_limit = '{max(duckdb_gb - DEALING_GB, duckdb_gb / 2)}GB'")
    schemas = {name: _deal(stage, layout, name, set(wanted), room) for name in layout.tables}
    # DuckDB's part is done: what it still holds of the tables is room for the buckets.
    stage.con.execute(f"SET memory_limit = '{duckdb_gb / 4}GB'")
    for bucket in wanted:
        yield bucket, {name: _dealt(_file(room, name, bucket), schema) for name, schema in schemas.items()}
        for name in schemas:
            _file(room, name, bucket).unlink(missing_ok=True)


def rows_of(stage: Stage, layout: Layout) -> dict[str, pa.Table]:
    """Return all used rows of a stage, per table the columns of `layout.given_columns`."""
    return {name: stage.con.sql(_query(stage, layout, name)).to_arrow_table() for name in layout.tables}


def _query(stage: Stage, layout: Layout, name: str) -> str:
    return f"SELECT {given_columns(layout.tables[name])} FROM ({stage.tables[name].used})"


def _deal(stage: Stage, layout: Layout, name: str, wanted: set[int], room: Path) -> pa.Schema:
    query = _query(stage, layout, name).replace("SELECT ", f"SELECT {bucket_of(layout.buckets)} AS _bucket, ", 1)
    reader = stage.con.sql(query).to_arrow_reader(BATCH)
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    for batch in reader:
        bucket = batch.column(0).to_numpy()
        order = stable_order(bucket, layout.buckets)
        dealt = batch.select(range(1, batch.num_columns)).take(pa.array(order))
        ends = np.cumsum(np.bincount(bucket, minlength=layout.buckets))
        for number in sorted(wanted.intersection(np.unique(bucket).tolist())):
            first = int(ends[number - 1]) if number else 0
            rows = dealt.slice(first, int(ends[number]) - first)
            # A file holds one stream behind another, so that no more than one is open at a time.
            with (
                _file(room, name, number).open("ab") as file,
                pa.ipc.new_stream(file, rows.schema, options=options) as out,
            ):
                out.write_batch(rows)
    return pa.schema(list(reader.schema)[1:])


def _dealt(file: Path, schema: pa.Schema) -> pa.Table:
    batches = []
    if file.exists():
        with pa.OSFile(str(file)) as source:
            while source.tell() < source.size():
                batches += list(pa.ipc.open_stream(source))
    return pa.Table.from_batches(batches, schema)


def _file(room: Path, name: str, bucket: int) -> Path:
    return room / f"{name}-{bucket:05d}.arrows"
