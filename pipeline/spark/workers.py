"""Workers on Spark: a bucket function mapped over bucket numbers, a task each, by the very object that threads run."""

from __future__ import annotations

import contextlib
import logging
import pickle
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from pipeline.errors import StoreError
from pipeline.settings import Settings
from pipeline.spark.faults import in_our_words, with_its_place
from pipeline.spark.room import UNSEEN, check_seen, shared_room
from pipeline.spark.session import quiet, spark_session

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOG = logging.getLogger("keepgrow")

LOOK_SECONDS = 0.1
"""How often the driver looks for the next bucket's result."""

SEEN_SECONDS = 90
"""A network file system may show a new file only so much later."""


@dataclass(frozen=True)
class SparkWorkers:
    """Workers on a cluster. What they return goes through files in the state folder, which every worker must see."""

    settings: Settings

    @property
    def count(self) -> int:
        """Tasks that the cluster runs side by side."""
        return spark_session(self.settings).sparkContext.defaultParallelism

    def map(self, function: Callable[[int], pa.Table], buckets: Sequence[int]) -> Iterator[tuple[int, pa.Table]]:
        """See `pipeline.workers.Workers.map`. Results wait in files, so that the driver holds one at a time.

        Spark does a task again whose worker is lost; a function that fails for good is not tried again. Raises
        EngineError when Spark itself gives up.
        """
        if not buckets:
            return
        session = spark_session(self.settings)
        with shared_room(self.settings) as room:
            job = _Job(session, _Task(function, tuple(buckets), room))
            try:
                job.start()
                for position, bucket in enumerate(buckets):
                    yield bucket, job.result(position)
            finally:
                job.end()


def spark_workers(settings: Settings) -> SparkWorkers:
    """Return the workers of the cluster that `[engine]` names; Spark is started when they are first asked."""
    return SparkWorkers(settings)


@dataclass(frozen=True)
class _Task:
    """What runs on the cluster: positions in `buckets` come in, and a file with the result is left in `room`."""

    function: Callable[[int], pa.Table]
    buckets: tuple[int, ...]
    room: Path

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for position in batch.column(0).to_pylist():
                self._do(position)
            yield batch

    def _do(self, position: int) -> None:
        check_seen(self.room)
        if _result(self.room, position).exists():  # a stage that Spark does again begins from what is there
            return
        try:
            table = self.function(self.buckets[position])
        except (OSError, MemoryError):
            raise  # another machine may do better
        except Exception as error:
            _write(_fault(self.room, position), pickle.dumps(with_its_place(error)))
            return
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        _write(_result(self.room, position), sink.getvalue())


class _Job:
    """One job on Spark, run by a thread beside the one that reads its results."""

    def __init__(self, session: SparkSession, task: _Task) -> None:
        self._session, self._task = session, task
        self._tag = f"keepgrow-{uuid.uuid4().hex}"
        self._failed: list[Exception] = []
        self._thread = threading.Thread(target=self._run, name="spark-job", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def result(self, position: int) -> pa.Table:
        """Wait for a bucket's result and return it; raise what its function raised."""
        file, fault = _result(self._task.room, position), _fault(self._task.room, position)
        patience = SEEN_SECONDS
        while not file.exists():
            if fault.exists():
                raise pickle.loads(fault.read_bytes())  # noqa: S301 - written by our own task a moment ago
            if self._failed:
                raise in_our_words(self._failed[0])
            if not self._thread.is_alive() and not file.exists() and not fault.exists():
                time.sleep(LOOK_SECONDS)
                patience -= LOOK_SECONDS
                if patience < 0:
                    raise StoreError(
                        f"Spark's workers wrote to {self._task.room}, of which nothing is seen here: {UNSEEN}."
                    )
            else:
                self._thread.join(LOOK_SECONDS)
        table = pa.ipc.open_stream(file.read_bytes()).read_all()
        file.unlink()
        return table

    def end(self) -> None:
        """Let no task go on."""
        if self._thread.is_alive():
            with contextlib.suppress(Exception):
                self._session.interruptTag(self._tag)
            self._thread.join(30)

    def _run(self) -> None:
        try:
            self._session.addTag(self._tag)
            number = len(self._task.buckets)
            with quiet():
                self._session.range(0, number, 1, number).mapInArrow(self._task, "id long").collect()
        except Exception as error:
            LOG.debug("the job on Spark failed", exc_info=True)
            self._failed.append(error)


def _result(room: Path, position: int) -> Path:
    return room / f"{position:06d}.arrow"


def _fault(room: Path, position: int) -> Path:
    return room / f"{position:06d}.fault"


def _write(file: Path, content: bytes | pa.Buffer) -> None:
    """Write a file whole or not at all, whoever else writes it at the same time."""
    temporary = file.with_suffix(f".{uuid.uuid4().hex}.writing")
    temporary.write_bytes(content)
    temporary.replace(file)
