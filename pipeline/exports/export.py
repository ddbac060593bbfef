"""Exports of published lists. They follow the list's publication, and a sink that fails never holds it back."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import pandas as pd

from pipeline.errors import SinkError, StoreError, nearest
from pipeline.exports.kinds import KINDS
from pipeline.exports.sink import Kind, PublishedLists, Sink, Written
from pipeline.store import ExportStatus, Run, Store
from pipeline.store.drill import reached


def export(
    store: Store,
    target: str,
    sinks: Sequence[Sink],
    at: datetime,
    *,
    attempts: int = 3,
    wait: Callable[[float], None] = time.sleep,
) -> list[ExportStatus]:
    """Export the published list of `target` to every sink, and return how each went, in the same order.

    A sink that holds the list already is left alone; one that cannot be written is tried `attempts` times and
    then reported as `failed`, with the reason in `error`. Raises StoreError when nothing is published.
    """
    run = store.published(target)
    if run is None:
        raise StoreError(f"nothing is published for target {target!r}; publish a list before exporting it")
    before = store.exports(run.run_id)
    lists = PublishedLists(run, store=store)
    statuses = []
    for sink in sinks:
        status = before.get(sink.name)
        # A rollback, a person or a kill may have changed what the sink holds since it was exported.
        held = _kind(sink).held(sink, lists)
        if status is None or status.status != "done" or status.digest != held:
            together = lists.exported(sink).get(held) if held else None
            if together is not None:  # written with the list of another target
                status = replace(together, run_id=run.run_id, at=at)
            else:
                status = _try_export(lists, sink, at, attempts=attempts, wait=wait)
            store.record_export(status)
        statuses.append(status)
    return statuses


def write(run: Run, rows: pd.DataFrame, sink: Sink) -> str:
    """Write one run's list to a sink and return the SHA-256 of it; raise SinkError when that fails."""
    return _write(PublishedLists(run, rows), sink).digest


def _write(lists: PublishedLists, sink: Sink) -> Written:
    kind = _kind(sink)
    reached("export_begun")
    return kind.write(sink, lists)


def _kind(sink: Sink) -> Kind:
    if sink.kind not in KINDS:
        raise SinkError(f"there is no export of kind {sink.kind!r}; {nearest(sink.kind, KINDS)}")
    return KINDS[sink.kind]


def _try_export(
    lists: PublishedLists, sink: Sink, at: datetime, *, attempts: int, wait: Callable[[float], None]
) -> ExportStatus:
    fault = ""
    for attempt in range(attempts):
        if attempt:
            wait(0.5 * 2**attempt)
        try:
            written = _write(lists, sink)
        except SinkError as error:
            fault = str(error)
        else:
            return ExportStatus(lists.run.run_id, sink.name, "done", at, digest=written.digest, error=written.note)
    return ExportStatus(lists.run.run_id, sink.name, "failed", at, error=fault)
