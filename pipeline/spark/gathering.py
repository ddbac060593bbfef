"""The second pass on a cluster: each task gathers the rows of a bucket, checks them, and writes the bucket's files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.bucket_files import BucketWritten, write_bucket
from pipeline.layout import Layout, given_columns
from pipeline.settings import Settings
from pipeline.sources import quoted
from pipeline.spark.dealing import faults_told, local_stage, told_batch, unwired
from pipeline.spark.room import check_seen
from pipeline.spark.told import TableTold, ToldTables, ids_table, tell
from pipeline.staged import Staged
from pipeline.staging import READ_THROUGH, Stage, reject_merged
from pipeline.strays import reject_days
from pipeline.tally import TableCounts, count_rows, digest_sums
from pipeline.validate.checks import Asked, answers, statements
from pipeline.validate.repeats import ids_of


@dataclass(frozen=True)
class BucketTold:
    """What a bucket adds to what is told of the whole snapshot; `sums` are those of the content digest."""

    bucket: int
    rows: Mapping[str, int]
    counts: Mapping[str, TableCounts]
    sums: Mapping[str, tuple[int, int, int]]
    answers: Sequence[Asked]
    written: BucketWritten


@dataclass(frozen=True)
class Gather:
    """What runs on the cluster: all dealt rows of one bucket come in (see `dealing.DEALT`), a `BucketTold` goes out.

    `schemas` are those of the tables' rows as they travel; `told` and `strays` what the whole tables tell; `folder`
    is where the snapshot is written, under which every worker sees the same files, `before` an earlier one.
    """

    settings: Settings
    as_of: date
    tables: Mapping[str, Staged]
    schemas: Mapping[str, pa.Schema]
    told: Mapping[str, TableTold]
    strays: Mapping[str, Sequence[int]]
    folder: Path
    linked: bool
    layout: Layout
    before: Path | None = None

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return faults_told(self._gathered(batches))

    def _gathered(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        check_seen(self.folder)
        with local_stage(self.settings, self.as_of) as local:
            stage = replace(local, tables=dict(self.tables), told=ToldTables(self.told, local.con))
            if self.linked:
                stage.links["links"] = "were followed"
            self._make_tables(stage)
            buckets: set[int] = set()
            for batch in batches:
                for row in batch.to_pylist():
                    buckets.add(row["bucket"])
                    self._take(stage, row)
            if not buckets:
                return
            if len(buckets) > 1:
                raise RuntimeError(f"a task of Spark was given several buckets: {sorted(buckets)}")
            (bucket,) = buckets
            yield told_batch(bucket, self._settle(stage, bucket))

    def _make_tables(self, stage: Stage) -> None:
        for name, staged in self._bucketed():
            register(stage, self.schemas[name].empty_table())
            stage.con.execute(f"CREATE TABLE {staged.name} AS SELECT {unwired(staged)} FROM dealt")
            for column in ids_of(staged):
                table = quoted(ids_table(name, column))
                stage.con.execute(f"CREATE TABLE {table} (id VARCHAR, account_id VARCHAR)")

    def _take(self, stage: Stage, row: Mapping[str, Any]) -> None:
        if not row["part"]:
            return  # it only says that there is this bucket
        register(stage, pa.ipc.open_stream(row["payload"]).read_all())
        name, _, column = row["part"].partition(".")
        staged = self.tables[name]
        if not column:
            stage.con.execute(f"INSERT INTO {staged.name} BY NAME SELECT {unwired(staged)} FROM dealt")
            return
        stray = ", ".join(map(str, self.strays.get(name, ())))
        kept = f" WHERE day IS NULL OR day NOT IN ({stray})" if stray else ""
        table = quoted(ids_table(name, column))
        stage.con.execute(f"INSERT INTO {table} SELECT id, account_id FROM dealt{kept}")

    def _settle(self, stage: Stage, bucket: int) -> BucketTold:
        bucketed = dict(self._bucketed())
        for name, staged in bucketed.items():
            if name == "accounts":
                reject_merged(stage)
            reject_days(staged, self.strays.get(name, ()), stage.ask)
        found = answers(stage, statements(stage), lambda statement: not statement.fixed and statement.table in bucketed)
        rows = {name: stage.ask(f"SELECT count(*) FROM {each.name}")[0][0] for name, each in bucketed.items()}
        here = replace(stage, tables=bucketed)
        counts, sums = count_rows(here), digest_sums(here)
        used = {
            name: stage.con.sql(f"SELECT {given_columns(table)} FROM ({bucketed[name].used})").to_arrow_table()
            for name, table in self.layout.tables.items()
        }
        written = write_bucket(used, self.layout, self.folder, bucket, self.before)
        return BucketTold(bucket, rows, counts, sums, found, written)

    def _bucketed(self) -> list[tuple[str, Staged]]:
        return [(name, staged) for name, staged in self.tables.items() if name not in READ_THROUGH]


@dataclass(frozen=True)
class Recount:
    """What runs on the cluster where a table has stray rows: what the others tell, of dealt rows of that table."""

    settings: Settings
    as_of: date
    staged: Staged
    strays: Sequence[int]

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return faults_told(self._recounted(batches))

    def _recounted(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:

        with local_stage(self.settings, self.as_of) as stage:
            made = False
            for batch in batches:
                for payload in batch.column("payload").to_pylist():
                    register(stage, pa.ipc.open_stream(payload).read_all())
                    rows = f"SELECT {unwired(self.staged)} FROM dealt"
                    into = "INSERT INTO {} BY NAME {}" if made else "CREATE TABLE {} AS {}"
                    stage.con.execute(into.format(self.staged.name, rows))
                    made = True
            if made:
                reject_days(self.staged, self.strays, stage.ask)
                yield told_batch(0, tell(stage.con, self.staged, self.as_of))


def register(stage: Stage, table: pa.Table) -> None:
    """Let SQL read an Arrow table under the name `dealt`."""
    stage.con.register("dealt", table)
