"""Publishing: write a run, audit it, flip the pointer, all in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pandas as pd
import sqlalchemy as sa

from pipeline.errors import StoreError
from pipeline.store.audit import audit, excluded_in
from pipeline.store.drill import reached
from pipeline.store.frames import list_records, score_records
from pipeline.store.pointer import Flip, Hold, flip, give_back, hold_of, next_sequence, note, pointer_of
from pipeline.store.runs import PublishResult, RunRecord, as_values
from pipeline.store.schema import ROWS, RUNS, SCORES


def write_run(
    connection: sa.Connection,
    record: RunRecord,
    rows: pd.DataFrame,
    scores: Iterable[pd.DataFrame],
    *,
    excluded: Collection[str],
    author: str,
) -> PublishResult:
    """Write the run inside the caller's transaction and flip the pointer to it.

    A run with the same inputs changes nothing. `scores` come in parts, so that all of them are never held at once. The
    pointer moves forward by (as_of, sequence) only, and not while a rollback holds it: the run is then kept. But where
    the held list names an account of `excluded`, a run of the same or a later as_of ends the hold and is shown: an
    objection weighs more than a rollback.
    """
    listed = list_records(rows)
    sequence = next_sequence(connection)
    reached("begun")
    pointer = pointer_of(connection, record.target)
    same = connection.execute(sa.select(RUNS.c.sequence).where(RUNS.c.run_id == record.run_id)).scalar()
    if same is not None:
        return _same_again(connection, record, same, pointer, sequence, excluded, author)
    _check_previous(connection, record)
    connection.execute(sa.insert(RUNS).values(as_values(record, sequence)))
    reached("run_written")
    half = len(listed) // 2
    _insert(connection, ROWS, sequence, listed[:half])
    reached("rows_half_written")
    _insert(connection, ROWS, sequence, listed[half:])
    reached("rows_written")
    for part in scores:
        _insert(connection, SCORES, sequence, score_records(part))
    reached("scores_written")
    audit(connection, record, sequence, excluded)
    reached("audited")
    forward = pointer is None or (record.as_of, sequence) > (pointer.as_of, pointer.sequence)
    ended = _outlived(connection, pointer, record, excluded)
    hold = None if ended else hold_of(pointer)
    moved = forward and hold is None
    replaced = None if pointer is None else pointer.run_id
    move = Flip(record.target, record.run_id, record.as_of, sequence, replaced)
    if moved:
        flip(connection, move, RELEASED if ended else None)
    note(connection, move, "release" if ended else "publish" if moved else "keep", author, record.created_at)
    reached("flipped")
    return PublishResult(
        record.run_id,
        sequence,
        new=True,
        moved=moved,
        published=record.run_id if moved else replaced,
        said=_said(record, moved, pointer, hold),
        hold=hold,
        hold_ended=ended,
    )


RELEASED = {"held_by": None, "held_at": None}


def _outlived(
    connection: sa.Connection, pointer: sa.Row[Any] | None, record: RunRecord, excluded: Collection[str]
) -> str | None:
    """Return in a sentence why the hold on the pointer ends with this run, None where it does not."""
    if pointer is None or hold_of(pointer) is None or pointer.run_id == record.run_id or record.as_of < pointer.as_of:
        return None
    held = connection.execute(sa.select(RUNS.c.sequence).where(RUNS.c.run_id == pointer.run_id)).scalar_one()
    found = excluded_in(connection, held, excluded)
    return hold_ended(record.target, pointer.run_id, len(found)) if found else None


def hold_ended(target: str, run_id: str, count: int) -> str:
    """Return the sentence that says that a hold ended, for people."""
    accounts = "1 account" if count == 1 else f"{count} accounts"
    return f"the hold of {target} ended: the held list {run_id} named {accounts} that must not be listed now"


def _same_again(
    connection: sa.Connection,
    record: RunRecord,
    sequence: int,
    pointer: sa.Row[Any] | None,
    fresh: int,
    excluded: Collection[str],
    author: str,
) -> PublishResult:
    ended = _outlived(connection, pointer, record, excluded)
    if ended is None or pointer is None:
        return _unchanged(connection, record, sequence, pointer)
    move = Flip(record.target, record.run_id, record.as_of, fresh, pointer.run_id)
    flip(connection, move, RELEASED)
    note(connection, move, "release", author, record.created_at)
    said = _said(record, True, pointer, None)
    return PublishResult(
        record.run_id, fresh, new=False, moved=True, published=record.run_id, said=said, hold_ended=ended
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


def _said(record: RunRecord, moved: bool, pointer: sa.Row[Any] | None, hold: Hold | None) -> str:
    head = f"{record.target} of {record.as_of}"
    if moved:
        return f"{head} is published as run {record.run_id}."
    if hold is not None:
        return f"{head} is kept as run {record.run_id} and not shown: a rollback holds the list."
    shown = "" if pointer is None else f" of {pointer.as_of} ({pointer.run_id})"
    return f"{head} is kept as run {record.run_id}; readers go on seeing the later list{shown}."
