"""Publishing: write a run, audit it, flip the pointer, all in one transaction."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pandas as pd
import sqlalchemy as sa

from pipeline.errors import StoreError
from pipeline.store.audit import audit
from pipeline.store.drill import reached
from pipeline.store.frames import list_records, score_records
from pipeline.store.pointer import Flip, flip, give_back, hold_of, next_sequence, note, pointer_of
from pipeline.store.runs import PublishResult, RunRecord, as_values
from pipeline.store.schema import ROWS, RUNS, SCORES


def write_run(
    connection: sa.Connection,
    record: RunRecord,
    rows: pd.DataFrame,
    scores: pd.DataFrame,
    *,
    excluded: Collection[str],
    show: bool,
    author: str,
) -> PublishResult:
    """Write the run inside the caller's transaction and, when `show`, flip the pointer to it.

    A run with the same inputs changes nothing. The pointer moves forward by (as_of, sequence) only, and not while a
    rollback holds it: the run is then kept.
    """
    listed, scored = list_records(rows), score_records(scores)
    sequence = next_sequence(connection)
    reached("begun")
    pointer = pointer_of(connection, record.target)
    same = connection.execute(sa.select(RUNS.c.sequence).where(RUNS.c.run_id == record.run_id)).scalar()
    if same is not None:
        return _unchanged(connection, record, same, pointer)
    _check_previous(connection, record)
    connection.execute(sa.insert(RUNS).values(as_values(record, sequence)))
    reached("run_written")
    half = len(listed) // 2
    _insert(connection, ROWS, sequence, listed[:half])
    reached("rows_half_written")
    _insert(connection, ROWS, sequence, listed[half:])
    reached("rows_written")
    _insert(connection, SCORES, sequence, scored)
    reached("scores_written")
    audit(connection, record, sequence, excluded)
    reached("audited")
    forward = pointer is None or (record.as_of, sequence) > (pointer.as_of, pointer.sequence)
    hold = hold_of(pointer)
    moved = show and forward and hold is None
    replaced = None if pointer is None else pointer.run_id
    move = Flip(record.target, record.run_id, record.as_of, sequence, replaced)
    if moved:
        flip(connection, move)
    note(connection, move, "publish" if moved else "keep", author, record.created_at)
    reached("flipped")
    return PublishResult(
        record.run_id,
        sequence,
        new=True,
        moved=moved,
        published=record.run_id if moved else replaced,
        said=_said(record, show, moved, pointer),
        hold=hold,
    )


def _unchanged(
    connection: sa.Connection, record: RunRecord, sequence: int, pointer: sa.Row[Any] | None
) -> PublishResult:
    shown = None if pointer is None else pointer.run_id
    said = f"Nothing changed: {record.target} of {record.as_of} was made before from the same inputs, "
    said += f"as run {record.run_id}" + (" (published)." if shown == record.run_id else f"; readers see run {shown}.")
    give_back(connection)
    hold = hold_of(pointer)
    return PublishResult(record.run_id, sequence, new=False, moved=False, published=shown, said=said, hold=hold)


def _check_previous(connection: sa.Connection, record: RunRecord) -> None:
    if record.previous_run is None:
        return
    target = connection.execute(sa.select(RUNS.c.target).where(RUNS.c.run_id == record.previous_run)).scalar()
    if target != record.target:
        raise StoreError(
            f"previous_run must be an earlier run of target {record.target!r}; found {record.previous_run!r}"
        )


def _insert(connection: sa.Connection, table: sa.Table, sequence: int, records: list[dict[str, Any]]) -> None:
    if records:
        for record in records:
            record["sequence"] = sequence
        connection.execute(sa.insert(table), records)


def _said(record: RunRecord, show: bool, moved: bool, pointer: sa.Row[Any] | None) -> str:
    head = f"{record.target} of {record.as_of}"
    if moved:
        return f"{head} is published as run {record.run_id}."
    if not show:
        return f"{head} is kept as run {record.run_id} and not published."
    if hold_of(pointer) is not None:
        return f"{head} is kept as run {record.run_id} and not shown: a rollback holds the list."
    shown = "" if pointer is None else f" of {pointer.as_of} ({pointer.run_id})"
    return f"{head} is kept as run {record.run_id}; readers go on seeing the later list{shown}."
