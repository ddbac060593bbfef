"""The way back: readers of a target see an earlier run again, and go on seeing it until that is released."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from pipeline.errors import StoreError, nearest
from pipeline.store.audit import excluded_in
from pipeline.store.drill import reached
from pipeline.store.pointer import Flip, flip, give_back, hold_of, next_sequence, note, pointer_of
from pipeline.store.runs import PublishResult
from pipeline.store.schema import RUNS


def roll_back(
    connection: sa.Connection, target: str, run_id: str, author: str, at: datetime, *, excluded: Collection[str]
) -> PublishResult:
    """Point readers of `target` at a run, under a new sequence number, and hold the pointer there.

    `excluded` are the accounts that must not be listed now, whatever was in force when the run was made. Rolling back
    to the run that is held already changes nothing. Raises StoreError for a run that is unknown, of another target or
    retrospective, for the one that readers see anyway, and for one whose list names an excluded account.

    A hold never outlives an exclusion: see `store.publish.write_run`.
    """
    sequence = next_sequence(connection)
    reached("begun")
    run = connection.execute(sa.select(RUNS).where(RUNS.c.run_id == run_id)).one_or_none()
    if run is None or run.target != target:
        known = connection.execute(sa.select(RUNS.c.run_id).where(RUNS.c.target == target)).scalars()
        raise StoreError(f"there is no run {run_id!r} of target {target!r}; {nearest(run_id, known)}")
    if run.retrospective:
        raise StoreError(f"run {run_id} is retrospective: its model knew the future, so it is never published")
    pointer = pointer_of(connection, target)
    hold = hold_of(pointer)
    shown = None if pointer is None else pointer.run_id
    if shown == run_id and hold is None:
        raise StoreError(f"run {run_id} is what readers of {target} see already; nothing to roll back")
    _refuse_excluded(
        connection, run, excluded, "Roll back to a later run that does not name them, or run `keepgrow run` again."
    )
    if shown == run_id:
        give_back(connection)
        said = f"Nothing changed: {hold.said if hold else ''}"
        return PublishResult(run_id, sequence, new=False, moved=False, published=run_id, said=said, hold=hold)
    move = Flip(target, run_id, run.as_of, sequence, shown)
    flip(connection, move, {"held_by": author, "held_at": at})
    note(connection, move, "rollback", author, at)
    reached("flipped")
    return PublishResult(
        run_id,
        sequence,
        new=False,
        moved=True,
        published=run_id,
        said=f"{target} is back at run {run_id}" + ("." if shown is None else f", instead of {shown}, which is kept."),
        hold=hold_of(pointer_of(connection, target)),
    )


def release(
    connection: sa.Connection, target: str, author: str, at: datetime, *, excluded: Collection[str]
) -> PublishResult:
    """Let the pointer of `target` move again, to begin with to the newest run written since the rollback.

    Newest is the last by (as_of, sequence), the run shown among them. The runs that the rollback took off the screen
    stay off: they are what somebody went back from. Where nothing is held nothing changes. Raises StoreError for a
    target of which nothing is published, and where the list to be shown names an account of `excluded`.
    """
    sequence = next_sequence(connection)
    reached("begun")
    pointer = pointer_of(connection, target)
    if pointer is None:
        raise StoreError(f"nothing is published for {target!r}, so there is nothing to release")
    if pointer.held_by is None:
        give_back(connection)
        said = f"Nothing changed: {target} is not held; readers see run {pointer.run_id}."
        return PublishResult(pointer.run_id, sequence, new=False, moved=False, published=pointer.run_id, said=said)
    newest = _newest(connection, target, pointer)
    _refuse_excluded(
        connection, newest, excluded, "Run `keepgrow run`, which makes a list without them, and release it then."
    )
    move = Flip(target, newest.run_id, newest.as_of, sequence, pointer.run_id)
    flip(connection, move, {"held_by": None, "held_at": None})
    note(connection, move, "release", author, at)
    reached("flipped")
    moved = newest.run_id != pointer.run_id
    said = f"{target} is no longer held; readers " + ("now see" if moved else "go on seeing") + f" run {newest.run_id}"
    said += "." if moved else ", until the next run: none was made since the rollback that is newer."
    return PublishResult(newest.run_id, sequence, new=False, moved=moved, published=newest.run_id, said=said)


def _refuse_excluded(connection: sa.Connection, run: sa.Row[Any], excluded: Collection[str], instead: str) -> None:
    found = excluded_in(connection, run.sequence, excluded)
    if found:
        raise StoreError(
            f"the list of run {run.run_id} names accounts that must not be listed now ({len(found)}, for example "
            f"{found[0]!r}), so it is not shown; nothing was changed. {instead}"
        )


def _newest(connection: sa.Connection, target: str, pointer: sa.Row[Any]) -> sa.Row[Any]:
    # The pointer's number is that of the rollback: runs written under the hold have later ones.
    candidates = sa.select(RUNS).where(
        RUNS.c.target == target,
        RUNS.c.retrospective.is_(sa.false()),
        sa.or_(RUNS.c.sequence > pointer.sequence, RUNS.c.run_id == pointer.run_id),
    )
    return connection.execute(candidates.order_by(RUNS.c.as_of.desc(), RUNS.c.sequence.desc()).limit(1)).one()
