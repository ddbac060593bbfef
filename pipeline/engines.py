"""The engine that a config names, for taking snapshots; see `pipeline.workers` for working on their buckets."""

from __future__ import annotations

from datetime import date

from pipeline import snapshot
from pipeline.settings import Settings
from pipeline.snapshot import Snapshot


def take_snapshot(settings: Settings, as_of: date) -> Snapshot:
    """Read the sources, check them, and write a snapshot under the state folder, the same on every engine.

    Raises as `pipeline.snapshot.take_snapshot` does; EngineError when Spark is asked for and cannot be used.
    """
    if settings.engine.kind == "embedded":
        return snapshot.take_snapshot(settings, as_of)
    from pipeline.spark.snapshot import take_snapshot as on_spark  # noqa: PLC0415 - few installations have Spark

    return on_spark(settings, as_of)
