"""Workers: buckets of accounts worked on side by side, in threads here or on a cluster, by the same functions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Protocol
from weakref import WeakValueDictionary

import pyarrow as pa

from pipeline.errors import SettingsError
from pipeline.memory import plan
from pipeline.settings import Settings
from pipeline.snapshot import Snapshot, open_snapshot

BucketFunction = Callable[[int], pa.Table]
"""What is done with a bucket, given its number: a frozen dataclass with `__call__`, which has everything that it needs
in its fields (paths, settings, dates, names) and opens the snapshot itself (`snapshot_in`), so that the same object
runs in a thread and in another process. It may write files, whole or absent."""


class Workers(Protocol):
    """Whoever works on buckets."""

    @property
    def count(self) -> int:
        """Buckets that are worked on side by side."""
        ...

    def map(self, function: BucketFunction, buckets: Sequence[int]) -> Iterator[tuple[int, pa.Table]]:
        """Yield each bucket with what the function returned for it, in the order of `buckets`.

        What the function raises comes out unchanged, and nothing new is begun then.
        """
        ...


@dataclass(frozen=True)
class Threads:
    """Workers in this process: numpy, Arrow, compiled kernels and LightGBM let other threads run meanwhile."""

    count: int

    def map(self, function: BucketFunction, buckets: Sequence[int]) -> Iterator[tuple[int, pa.Table]]:
        """See `Workers.map`. Beside the result that the caller holds there are at most `count`, begun or finished."""
        side_by_side = min(self.count, len(buckets))
        if side_by_side < 2:
            for bucket in buckets:
                yield bucket, function(bucket)
            return
        left = iter(buckets)
        pool = ThreadPoolExecutor(side_by_side, thread_name_prefix="bucket")
        begun: deque[tuple[int, Future[pa.Table]]] = deque()
        try:
            while True:
                while len(begun) <= side_by_side and (bucket := next(left, None)) is not None:
                    begun.append((bucket, pool.submit(function, bucket)))
                if not begun:
                    return
                bucket, result = begun.popleft()
                yield bucket, result.result()
                del result  # or its table would live on while the next one is waited for
        finally:
            # A bucket that was begun is worked on to its end: a thread cannot be stopped halfway.
            pool.shutdown(wait=True, cancel_futures=True)


def workers_for(settings: Settings) -> Workers:
    """Return the workers that the config asks for.

    Raises SettingsError when it asks for Spark, which is not installed.
    """
    if settings.engine.kind == "embedded":
        return Threads(plan(settings).workers)
    if find_spec("pyspark") is None:
        raise SettingsError(
            f'{settings.file}: [engine] kind = "spark" needs Spark, which is not installed: '
            'run pip install "keepgrow[spark]", or set kind = "embedded".'
        )
    from pipeline.spark.workers import spark_workers  # noqa: PLC0415 - without Spark it cannot be imported

    return spark_workers(settings)


_open: WeakValueDictionary[tuple[Path, int, int], Snapshot] = WeakValueDictionary()
_last: list[Snapshot] = []
_guard = Lock()


def snapshot_in(folder: Path) -> Snapshot:
    """Return the snapshot in `folder`, opened once per process; raises as `open_snapshot` does."""
    with _guard:
        found = _open.get(_version(folder))
        if found is None:
            found = open_snapshot(folder)
            _open[_version(folder)] = found
            _last[:] = [found]  # somebody has to hold it, or each bucket would open it again
        return found


def share(snapshot: Snapshot) -> None:
    """Let `snapshot_in` give this very snapshot while somebody holds it: what it has read is then read once."""
    with _guard:
        _open[_version(snapshot.folder)] = snapshot


def _version(folder: Path) -> tuple[Path, int, int]:
    """Return what changes when the snapshot in a folder is written or described anew."""
    try:
        said = (folder / "snapshot.json").stat()
        return folder, said.st_mtime_ns, said.st_ino
    except OSError:
        return folder, 0, 0
