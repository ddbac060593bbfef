"""Publishing: write a run, audit it, flip the pointer, all in one transaction; and rolling the pointer back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa

from pipeline.errors import StoreError, nearest
from pipeline.store.audit import audit
from pipeline.store.drill import reached
from pipeline.store.frames import list_records, score_records
from pipeline.store.runs import PublishResult, RunRecord, as_values
from pipeline.store.schema import COUNTER, PUBLICATIONS, PUBLISHED, ROWS, RUNS, SCORES


@dataclass(frozen=True)
class Flip:
    """Where the pointer of a target is to point, and the run it pointed to."""

    target: str
    run_id: str
    as_of: date
    sequence: int
    replaced: str | None


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

    A run with the same inputs changes nothing. The pointer moves forward by (as_of, sequence) only.
    """
    listed, scored = list_records(rows), score_records(scores)
    # The number is taken first: from here on other writers wait.
    sequence = _next_sequence(connection)
    reached("begun")
    pointer = _pointer(connection, record.target)
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
    moved = show and forward
    replaced = None if pointer is None else pointer.run_id
    flip = Flip(record.target, record.run_id, record.as_of, sequence, replaced)
    if moved:
        _flip(connection, flip)
    _note(connection, flip, "publish" if moved else "keep", author, record.created_at)
    reached("flipped")
    return PublishResult(
        record.run_id,
        sequence,
        new=True,
        moved=moved,
        published=record.run_id if moved else replaced,
        said=_said(record, show, moved, pointer),
    )


def roll_back(connection: sa.Connection, target: str, run_id: str, author: str, at: datetime) -> PublishResult:
    """Point readers of `target` at an earlier run, under a new sequence number.

    Raises StoreError for a run that is unknown, of another target, retrospective, or published already.
    """
    sequence = _next_sequence(connection)
    run = connection.execute(sa.select(RUNS).where(RUNS.c.run_id == run_id)).one_or_none()
    if run is None or run.target != target:
        known = connection.execute(sa.select(RUNS.c.run_id).where(RUNS.c.target == target)).scalars()
        raise StoreError(f"there is no run {run_id!r} of target {target!r}; {nearest(run_id, known)}")
    if run.retrospective:
        raise StoreError(f"run {run_id} is retrospective: its model knew the future, so it is never published")
    pointer = _pointer(connection, target)
    if pointer is not None and pointer.run_id == run_id:
        raise StoreError(f"run {run_id} is what readers of {target} see already; nothing to roll back")
    flip = Flip(target, run_id, run.as_of, sequence, None if pointer is None else pointer.run_id)
    _flip(connection, flip)
    _note(connection, flip, "rollback", author, at)
    return PublishResult(
        run_id,
        sequence,
        new=False,
        moved=True,
        published=run_id,
        said=f"{target} is back at run {run_id}"
        + ("." if pointer is None else f", instead of {pointer.run_id}, which is kept."),
    )


def _next_sequence(connection: sa.Connection) -> int:
    taken = sa.update(COUNTER).where(COUNTER.c.name == "sequence").values(value=COUNTER.c.value + 1)
    return connection.execute(taken.returning(COUNTER.c.value)).scalar_one()


def _pointer(connection: sa.Connection, target: str) -> sa.Row[Any] | None:
    return connection.execute(sa.select(PUBLISHED).where(PUBLISHED.c.target == target)).one_or_none()


def _unchanged(
    connection: sa.Connection, record: RunRecord, sequence: int, pointer: sa.Row[Any] | None
) -> PublishResult:
    shown = None if pointer is None else pointer.run_id
    said = f"Nothing changed: {record.target} of {record.as_of} was made before from the same inputs, "
    said += f"as run {record.run_id}" + (" (published)." if shown == record.run_id else f"; readers see run {shown}.")
    # Gives the unused number back, so that a rerun leaves no trace.
    connection.execute(sa.update(COUNTER).where(COUNTER.c.name == "sequence").values(value=COUNTER.c.value - 1))
    return PublishResult(record.run_id, sequence, new=False, moved=False, published=shown, said=said)


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


def _flip(connection: sa.Connection, run: Flip) -> None:
    values = {"run_id": run.run_id, "as_of": run.as_of, "sequence": run.sequence}
    if run.replaced is None:
        connection.execute(sa.insert(PUBLISHED).values(target=run.target, **values))
    else:
        connection.execute(sa.update(PUBLISHED).where(PUBLISHED.c.target == run.target).values(**values))


def _note(connection: sa.Connection, run: Flip, action: str, author: str, at: datetime) -> None:
    values = {"target": run.target, "run_id": run.run_id, "replaced_run": run.replaced, "sequence": run.sequence}
    connection.execute(sa.insert(PUBLICATIONS).values(**values, action=action, author=author, at=at))


def _said(record: RunRecord, show: bool, moved: bool, pointer: sa.Row[Any] | None) -> str:
    head = f"{record.target} of {record.as_of}"
    if moved:
        return f"{head} is published as run {record.run_id}."
    if not show:
        return f"{head} is kept as run {record.run_id} and not published."
    shown = "" if pointer is None else f" of {pointer.as_of} ({pointer.run_id})"
    return f"{head} is kept as run {record.run_id}; readers go on seeing the later list{shown}."
