"""The first pass on a cluster: each task stages a part of a source and deals its rows into buckets of accounts."""

from __future__ import annotations

import pickle
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from pipeline.errors import EngineError
from pipeline.layout import bucket_of
from pipeline.memory import plan
from pipeline.settings import Settings
from pipeline.sources import literal, quoted
from pipeline.spark.faults import with_its_place
from pipeline.spark.parts import Part
from pipeline.spark.room import check_file_seen, check_seen, check_source_seen
from pipeline.spark.told import TableTold, tell
from pipeline.staged import Staged
from pipeline.staging import Stage, prepare, stage_source
from pipeline.strays import day_of_row
from pipeline.tables import TABLES
from pipeline.validate.repeats import ids_of

DEALT = pa.schema([("bucket", pa.int32()), ("part", pa.string()), ("rows", pa.int64()), ("payload", pa.binary())])
"""What goes between the passes: rows of one table and bucket as an Arrow stream. A bucket of -1 is for the driver."""

DEALT_SQL = "bucket int, part string, rows bigint, payload binary"

TOLD = -1
"""The bucket of what a part tells of the whole: a pickled `TableTold` and the Arrow schema of its rows."""

FAULT = -2
"""The bucket of a task's error, pickled."""

ARROW_ROWS = 100_000
PAYLOAD_BYTES = 16 << 20

_LOW, _HIGH = "_digest & 18446744073709551615::UHUGEINT", "_digest >> 64"


@dataclass(frozen=True)
class Deal:
    """What runs on the cluster: positions in `parts` come in, dealt rows go out (see `DEALT`).

    `links` and `rates` are files, None where there are none. `room` is the folder where the driver left them and the
    parts that it staged itself; StoreError for a worker that does not see them, SourceError where it misses a source.
    """

    settings: Settings
    as_of: date
    tables: Mapping[str, Staged]
    parts: Sequence[Part]
    buckets: int
    links: str | None
    rates: str | None
    room: Path
    duckdb_version: str = duckdb.__version__

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return faults_told(self._all(batches))

    def _all(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        if duckdb.__version__ != self.duckdb_version:
            raise EngineError(
                f"the driver has DuckDB {self.duckdb_version}, a worker {duckdb.__version__}, which may read and deal "
                "rows otherwise: give both the same Python environment."
            )
        check_seen(self.room)
        for batch in batches:
            for position in batch.column(0).to_pylist():
                self._check_seen(self.parts[position])
                yield from self._dealt(self.parts[position])

    def _check_seen(self, part: Part) -> None:
        """Say so in one sentence before DuckDB says it in many."""
        for file in (self.links, self.rates, part.through, part.file if part.call is None else None):
            if file is not None:
                check_file_seen(file)
        if part.call is not None:
            check_source_seen(part.file, f"{self.tables[part.table].mapped[part.position].query.where}.source")

    def _dealt(self, part: Part) -> Iterator[pa.RecordBatch]:
        staged = self.tables[part.table]
        with local_stage(self.settings, self.as_of) as stage:
            told = self._stage(stage, staged, part)
            schema = stage.con.sql(f"SELECT {wire(staged)} FROM {staged.name} LIMIT 0").to_arrow_table().schema
            yield _batch([(TOLD, part.table, told.rows, pickle.dumps((told, schema)))])
            bucket = f"CAST(coalesce({bucket_of(self.buckets)}, 0) AS INTEGER) AS _bucket"
            yield from _by_bucket(stage.con, f"SELECT {wire(staged)}, {bucket} FROM {staged.name}", part.table)
            for name in ids_of(staged):
                # Ids are compared across accounts, so they are dealt by themselves.
                bucket = f"CAST(hash({quoted(name)}) % {self.buckets} AS INTEGER) AS _bucket"
                query = (
                    f"SELECT DISTINCT {quoted(name)} AS id, account_id, {day_of_row(staged)} AS day, {bucket} "
                    f"FROM {staged.name} WHERE _rule IS NULL AND {quoted(name)} IS NOT NULL"
                )
                yield from _by_bucket(stage.con, query, f"{part.table}.{name}")

    def _stage(self, stage: Stage, staged: Staged, part: Part) -> TableTold:
        con = stage.con
        if part.call is None:
            con.execute(f"CREATE TABLE {staged.name} AS SELECT {unwired(staged)} FROM {part.relation(con)}")
            count = con.execute(f"SELECT count(*) FROM {staged.name}").fetchall()[0][0]
            read = count + part.read
        else:
            self._read_through(stage)
            read, count = stage_source(stage, self._of_part(con, staged, part), part.position)
        told = tell(con, staged, self.as_of)
        told.rows_in, told.rows = read, count
        return told

    def _read_through(self, stage: Stage) -> None:
        if self.links is not None:
            stage.con.execute(f"CREATE TABLE links AS SELECT * FROM read_parquet({literal(self.links)})")
            stage.links["links"] = "are a table"
        if self.rates is not None:
            stage.con.execute(f"CREATE TABLE staged_rates AS SELECT * FROM read_parquet({literal(self.rates)})")
            stage.tables["rates"] = Staged(TABLES["rates"], ())

    def _of_part(self, con: duckdb.DuckDBPyConnection, staged: Staged, part: Part) -> Staged:
        """Return the table with the part in the place of its source."""
        mapped = staged.mapped[part.position]
        source = part.relation(con)
        if mapped.through is not None and part.through is not None:
            found = f"SELECT * FROM read_parquet({literal(part.through)})"
            source = replace(mapped.through, found=found).joined(source)
        ours = replace(mapped, query=replace(mapped.query, source=source))
        return replace(staged, mapped=(*staged.mapped[: part.position], ours, *staged.mapped[part.position + 1 :]))


def wire(_staged: Staged) -> str:
    """Return the SQL of a staged row as it travels: the digest in two halves."""
    return f"* EXCLUDE (_digest), ({_LOW})::UBIGINT AS _digest_low, ({_HIGH})::UBIGINT AS _digest_high"


def unwired(_staged: Staged) -> str:
    """Return the SQL of a staged row that has travelled."""
    return "* EXCLUDE (_digest_low, _digest_high), (_digest_high::UHUGEINT << 64) | _digest_low::UHUGEINT AS _digest"


@contextmanager
def local_stage(settings: Settings, as_of: date) -> Iterator[Stage]:
    """Open a stage on this worker's own disk, which takes no more memory than a worker may."""
    room = Path(tempfile.mkdtemp(prefix="keepgrow-stage-"))
    try:
        with duckdb.connect(str(room / "stage.duckdb")) as con:
            con.execute(f"SET memory_limit = '{plan(settings).duckdb_gb}GB'; SET threads = 1")
            prepare(con, room, settings)
            yield Stage(con, settings, as_of)
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _by_bucket(con: duckdb.DuckDBPyConnection, query: str, part: str) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a query with a column `_bucket`, those of a bucket together."""
    held: list[pa.RecordBatch] = []
    bucket = TOLD
    for batch in con.sql(f"{query} ORDER BY _bucket").to_arrow_reader(ARROW_ROWS):
        own = batch.column("_bucket").to_numpy()
        rows = batch.drop_columns(["_bucket"])
        starts = np.flatnonzero(np.r_[True, own[1:] != own[:-1]]) if len(own) else np.array([], np.int64)
        for start, end in zip(starts, [*starts[1:], len(own)], strict=True):
            if int(own[start]) != bucket or sum(each.nbytes for each in held) > PAYLOAD_BYTES:
                yield from _flushed(held, bucket, part)
                held, bucket = [], int(own[start])
            held.append(rows.slice(start, end - start))
    yield from _flushed(held, bucket, part)


def _flushed(held: list[pa.RecordBatch], bucket: int, part: str) -> Iterator[pa.RecordBatch]:
    if held:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, held[0].schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
            for batch in held:
                writer.write_batch(batch)
        yield _batch([(bucket, part, sum(len(batch) for batch in held), sink.getvalue().to_pybytes())])


def faults_told(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield batches and, where the task cannot go on for good, its error as a row: Spark would try it again."""
    try:
        yield from batches
    except (OSError, MemoryError):
        raise  # another machine may do better
    except Exception as error:
        yield _batch([(FAULT, "", 0, pickle.dumps(with_its_place(error)))])


def told_batch(bucket: int, told: Any) -> pa.RecordBatch:
    """Return what a task tells the driver."""
    return _batch([(bucket, "", 0, pickle.dumps(told))])


def _batch(rows: list[tuple[int, str, int, bytes]]) -> pa.RecordBatch:
    columns = [pa.array(list(values), kind.type) for values, kind in zip(zip(*rows, strict=True), DEALT, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=DEALT)
