"""The pointer of a target: the run that readers see, whether a rollback holds it there, and the audit of its moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from pipeline.store.schema import COUNTER, PUBLICATIONS, PUBLISHED


@dataclass(frozen=True)
class Hold:
    """A rollback that keeps later runs from being shown, until it is released."""

    target: str
    run_id: str
    """The run that readers see meanwhile."""
    by: str
    at: datetime

    @property
    def said(self) -> str:
        """One sentence for people."""
        return (
            f"{self.target} stays rolled back to {self.run_id} by {self.by} on {self.at.date()}; "
            f"`keepgrow rollback {self.target} --release` shows lists again"
        )


@dataclass(frozen=True)
class Flip:
    """Where the pointer of a target is to point, and the run it pointed to."""

    target: str
    run_id: str
    as_of: date
    sequence: int
    replaced: str | None


def next_sequence(connection: sa.Connection) -> int:
    """Take a number; from here on other writers wait."""
    taken = sa.update(COUNTER).where(COUNTER.c.name == "sequence").values(value=COUNTER.c.value + 1)
    return connection.execute(taken.returning(COUNTER.c.value)).scalar_one()


def give_back(connection: sa.Connection) -> None:
    """Give the number just taken back, so that a call that changes nothing leaves no trace."""
    connection.execute(sa.update(COUNTER).where(COUNTER.c.name == "sequence").values(value=COUNTER.c.value - 1))


def pointer_of(connection: sa.Connection, target: str) -> sa.Row[Any] | None:
    return connection.execute(sa.select(PUBLISHED).where(PUBLISHED.c.target == target)).one_or_none()


def hold_of(pointer: sa.Row[Any] | None) -> Hold | None:
    """Return the hold on a pointer, None where it moves with every run."""
    if pointer is None or pointer.held_by is None:
        return None
    return Hold(pointer.target, pointer.run_id, pointer.held_by, pointer.held_at)


def flip(connection: sa.Connection, run: Flip, held: Mapping[str, Any] | None = None) -> None:
    """Point to the run; `held` sets held_by and held_at, without it they stay as they are."""
    values = {"run_id": run.run_id, "as_of": run.as_of, "sequence": run.sequence, **(held or {})}
    if run.replaced is None:
        connection.execute(sa.insert(PUBLISHED).values(target=run.target, **values))
    else:
        connection.execute(sa.update(PUBLISHED).where(PUBLISHED.c.target == run.target).values(**values))


def note(connection: sa.Connection, run: Flip, action: str, author: str, at: datetime) -> None:
    """Write down what was done, by whom and when."""
    values = {"target": run.target, "run_id": run.run_id, "replaced_run": run.replaced, "sequence": run.sequence}
    connection.execute(sa.insert(PUBLICATIONS).values(**values, action=action, author=author, at=at))
