"""A snapshot taken on a cluster: sources are read in parts, rows dealt into buckets, and each bucket written by a task.

Every row goes through the SQL of the embedded engine, so the snapshot has the same digest, files and findings.
"""

from __future__ import annotations

import logging
import pickle
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pipeline.bucket_files import on_disk
from pipeline.describing import describe, finish
from pipeline.errors import StoreError
from pipeline.layout import Layout, layout_of
from pipeline.readers import release
from pipeline.settings import Settings
from pipeline.snapshot import Snapshot, open_snapshot
from pipeline.spark.dealing import DEALT_SQL, FAULT, TOLD, Deal
from pipeline.spark.faults import in_our_words
from pipeline.spark.gathering import BucketTold, Gather, Recount
from pipeline.spark.room import shared_room
from pipeline.spark.session import quiet, spark_session
from pipeline.spark.splitting import all_parts, links_file, rates_file
from pipeline.spark.told import TableTold, ToldTables
from pipeline.staged import Staged
from pipeline.staging import READ_THROUGH, Stage, empty_stage, in_reading_order, map_table, read_table, with_counts
from pipeline.strays import stray_days
from pipeline.tables import TABLES
from pipeline.tally import TableCounts, content_digest, count_rows
from pipeline.validate import Findings
from pipeline.validate.checks import added_up, answers, statements, told

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

LOG = logging.getLogger("keepgrow")


def take_snapshot(settings: Settings, as_of: date) -> Snapshot:
    """Read the sources, check them, and write a snapshot under the state folder, all on the cluster.

    The same snapshot as `pipeline.snapshot.take_snapshot` takes, with the same errors; besides EngineError when the
    cluster gives up.
    """
    spark_session(settings)  # what is wrong with the cluster is said before anything is read
    with empty_stage(settings, as_of) as stage, shared_room(settings) as room:
        names = in_reading_order(settings)
        for name in READ_THROUGH:
            if name in names:
                read_table(stage, TABLES[name])
        mapped = {name: map_table(stage, TABLES[name]) for name in names if name not in READ_THROUGH}
        parts = all_parts(stage, mapped, room)
        release(stage.con)
        layout = layout_of(mapped, settings, sum(part.about for part in parts))
        links, rates = links_file(stage, room), rates_file(stage, room)
        deal = Deal(settings, as_of, mapped, parts, layout.buckets, links, rates, room)
        with closing(_Dealt(settings, deal)) as dealt:
            whole, schemas = dealt.told()
            for name, staged in mapped.items():
                stage.tables[name] = with_counts(settings, staged, whole[name].rows_in, whole[name].rows)
            strays = {name: stray_days(staged, whole[name].days) for name, staged in mapped.items()}
            for name in (name for name, days in strays.items() if days):
                dealt.recount(whole[name], mapped[name], strays[name])
            told_stage = replace(stage, told=ToldTables(whole, stage.con))
            return _gathered(told_stage, dealt, layout, Gather(
                settings, as_of, dict(stage.tables), schemas, whole, strays, room, bool(stage.links), layout
            ))  # fmt: skip


class _Dealt:
    """The rows that the first pass dealt, kept on the workers' disks until they are gathered."""

    def __init__(self, settings: Settings, deal: Deal) -> None:
        from pyspark import StorageLevel  # noqa: PLC0415

        self._settings, self._deal = settings, deal
        self._session = spark_session(settings)
        number = len(deal.parts)
        numbers = self._session.range(0, number, 1, number)
        self._frame: DataFrame = _mapped(numbers, deal).persist(StorageLevel.DISK_ONLY)

    def told(self) -> tuple[dict[str, TableTold], dict[str, pa.Schema]]:
        """Deal all rows; return what they tell of the tables, and the schemas of the rows as they travel."""
        whole = {name: TableTold() for name in self._deal.tables}
        schemas = {}
        for row in _rows(self._frame.where(f"bucket = {TOLD} OR bucket = {FAULT}")):
            part, schema = pickle.loads(row["payload"])  # noqa: S301 - our own tasks wrote it
            whole[row["part"]].add(part)
            schemas[row["part"]] = schema
        return whole, schemas

    def recount(self, told: TableTold, staged: Staged, strays: Sequence[int]) -> None:
        """Replace what the table tells by what it tells without its stray rows."""
        rows = self._frame.where(f"bucket >= 0 AND part = '{staged.contract.name}'")
        counted = TableTold()
        for row in _rows(_mapped(rows, Recount(self._settings, self._deal.as_of, staged, strays))):
            counted.add(pickle.loads(row["payload"]))  # noqa: S301
        told.kinds, told.latest = counted.kinds, counted.latest

    def gather(self, gather: Gather) -> list[BucketTold]:
        """Shuffle the rows into their buckets, and return what the tasks tell that check and write them."""
        buckets = self._deal.buckets
        # A bucket without any row is written as well: each gets a row that says that it is there.
        there = self._session.range(0, buckets).selectExpr(
            "CAST(id AS INT) AS bucket", "'' AS part", "CAST(0 AS BIGINT) AS rows", "CAST('' AS BINARY) AS payload"
        )
        rows = self._frame.where("bucket >= 0").unionByName(there).repartitionById(buckets, "bucket")
        found = [pickle.loads(row["payload"]) for row in _rows(_mapped(rows, gather))]  # noqa: S301
        return sorted(found, key=lambda each: each.bucket)

    def close(self) -> None:
        self._frame.unpersist()


def _mapped(frame: DataFrame, task: Deal | Gather | Recount) -> DataFrame:
    with quiet():
        return frame.mapInArrow(task, DEALT_SQL)


def _rows(frame: DataFrame) -> list[Any]:
    """Return the rows of a frame; raise what a task could not go on for, as it was raised."""
    try:
        with quiet():
            rows = frame.collect()
    except Exception as error:
        LOG.debug("the job on Spark failed", exc_info=True)
        raise in_our_words(error) from None
    for row in rows:
        if row["bucket"] == FAULT:
            raise pickle.loads(row["payload"])  # noqa: S301
    return rows


def _gathered(stage: Stage, dealt: _Dealt, layout: Layout, gather: Gather) -> Snapshot:
    """Write the buckets under another name, and rename their folder once the rows are known to keep the contract."""
    settings = stage.settings
    home = settings.state_folder / "snapshots"
    try:
        home.mkdir(parents=True, exist_ok=True)
        room = Path(tempfile.mkdtemp(prefix="writing-", dir=home))
        room.chmod(0o777)  # tasks may run as another user
    except OSError as error:
        raise StoreError(f"snapshot {home} cannot be written: {error}. Mend the folder's permissions.") from None
    try:
        found = dealt.gather(replace(gather, folder=room, before=layout.before(home, room)))
        findings = _findings(stage, found)
        findings.refuse_errors(settings.file)
        counts = _counts(stage, found)
        digest = content_digest(settings, stage.tables, _summed(each.sums for each in found))
        said = describe(settings, stage.tables, digest, counts, findings)
        folder = layout.folder(home, digest)
        kept = [whole for number in range(layout.buckets) if (whole := on_disk(folder, number)) is not None]
        if len(kept) == layout.buckets:
            finish(folder, layout, kept, said)  # others may be reading what says the same
        else:
            finish(room, layout, [each.written for each in found], said)
            room.chmod(0o755)
            _put(room, folder)
    except OSError as error:
        raise StoreError(f"snapshot {room} cannot be written: {error}. Mend the folder's permissions.") from None
    finally:
        shutil.rmtree(room, ignore_errors=True)
    return open_snapshot(folder)


def _put(room: Path, folder: Path) -> None:
    """Give the snapshot its name; what a killed run left under it goes."""
    if folder.exists():
        old = Path(tempfile.mkdtemp(prefix="old-", dir=folder.parent))
        folder.rename(old / folder.name)
        room.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    else:
        room.rename(folder)


def _findings(stage: Stage, found: Sequence[BucketTold]) -> Findings:
    asked = statements(stage)
    here = answers(stage, asked, lambda statement: statement.fixed or statement.table in READ_THROUGH)
    everything = added_up([*here, *(answer for each in found for answer in each.answers)], asked)
    rows = {
        name: stage.ask(f"SELECT count(*) FROM {staged.name}")[0][0]
        for name, staged in stage.tables.items()
        if name in READ_THROUGH
    }
    for each in found:
        for name, count in each.rows.items():
            rows[name] = rows.get(name, 0) + count
    return told(asked, everything, rows)


def _counts(stage: Stage, found: Sequence[BucketTold]) -> dict[str, TableCounts]:
    small = {name: staged for name, staged in stage.tables.items() if name in READ_THROUGH}
    counts = count_rows(replace(stage, tables=small))
    for name, staged in stage.tables.items():
        if name not in small:
            each = [bucket.counts[name] for bucket in found]
            rejected: dict[str, int] = {}
            for counted in each:
                for rule, number in counted.rejected.items():
                    rejected[rule] = rejected.get(rule, 0) + number
            used, repeats = sum(c.rows_used for c in each), sum(c.repeats_dropped for c in each)
            counts[name] = TableCounts(staged.rows_in, used, dict(sorted(rejected.items())), staged.left_out, repeats)
    return {name: counts[name] for name in stage.tables}


def _summed(sums: Iterable[Mapping[str, tuple[int, int, int]]]) -> dict[str, tuple[int, int, int]]:
    whole: dict[str, tuple[int, int, int]] = {}
    for each in sums:
        for name, (rows, low, high) in each.items():
            before = whole.get(name, (0, 0, 0))
            whole[name] = (before[0] + rows, before[1] + low, before[2] + high)
    return whole
