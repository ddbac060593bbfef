"""Feedback: what account managers did with the rows of a list. It is only ever added to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from pipeline.errors import StoreError
from pipeline.store.schema import FEEDBACK


@dataclass(frozen=True)
class Feedback:
    """One entry. The client makes `feedback_id`, so that sending an entry twice adds it once."""

    feedback_id: str
    account_id: str
    action: str
    occurred_at: datetime
    known_at: datetime
    """When the store received it."""
    list_row_id: str | None = None
    outcome: str | None = None
    reason: str | None = None
    until: datetime | None = None
    author: str | None = None


def add(connection: sa.Connection, entry: Feedback) -> bool:
    """Add the entry and return True; return False when it is there already.

    Raises StoreError when the id is taken by another entry, or a time has no zone.
    """
    for name in ("occurred_at", "known_at", "until"):
        moment = getattr(entry, name)
        if moment is not None and moment.tzinfo is None:
            raise StoreError(
                f"feedback {entry.feedback_id!r}: {name} has no time zone; found {moment}. Give it in UTC."
            )
    found = connection.execute(sa.select(FEEDBACK).where(FEEDBACK.c.feedback_id == entry.feedback_id)).one_or_none()
    if found is None:
        connection.execute(sa.insert(FEEDBACK).values(asdict(entry)))
        return True
    # A repeat arrives later than the first; what was said must be the same.
    kept = {name: value for name, value in found._mapping.items() if name not in ("number", "known_at")}
    sent = {name: value for name, value in asdict(entry).items() if name != "known_at"}
    if kept != {name: value.astimezone(UTC) if isinstance(value, datetime) else value for name, value in sent.items()}:
        raise StoreError(
            f"feedback id {entry.feedback_id!r} belongs to another entry (account {found.account_id!r}, "
            f"{found.action!r}); make a new id for a new entry"
        )
    return False
