"""The audit of a run before its list is shown: it asks the database what was written, not the program what it meant."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

import sqlalchemy as sa

from pipeline.errors import StoreError
from pipeline.store.runs import RunRecord
from pipeline.store.schema import ROWS, SCORES

LARGEST = 1e15
"""A magnitude of money no account reaches; infinities lie beyond it."""

AT_ONCE = 500
"""Accounts that are asked for in one query."""


def audit(connection: sa.Connection, record: RunRecord, sequence: int, excluded: Collection[str]) -> None:
    """Raise StoreError listing every fault of the run as written; the caller's transaction then undoes it."""
    faults = [fault for check in CHECKS for fault in check(connection, record, sequence)]
    faults += _excluded(connection, sequence, excluded)
    if faults:
        raise StoreError(
            f"the list {record.target} of {record.as_of} failed its audit and was not published: " + "; ".join(faults)
        )


def _counts(connection: sa.Connection, record: RunRecord, sequence: int) -> Iterator[str]:
    sections = sa.select(ROWS.c.section, sa.func.count()).where(ROWS.c.sequence == sequence).group_by(ROWS.c.section)
    by_section = {section: count for section, count in connection.execute(sections)}  # noqa: C416
    scored = connection.execute(
        sa.select(sa.func.count()).where(SCORES.c.sequence == sequence, SCORES.c.section == "cohort")
    ).scalar_one()
    written = {
        "listed": by_section.get("call", 0),
        "leaving": by_section.get("leaving", 0),
        "too_new": by_section.get("too_new", 0),
        "scored": scored,
    }
    for name, found in written.items():
        if record.counts.get(name) != found:
            yield f"counts say {name} = {record.counts.get(name)}, the store holds {found}"


def _ranks(connection: sa.Connection, record: RunRecord, sequence: int) -> Iterator[str]:  # noqa: ARG001
    call = sa.and_(ROWS.c.sequence == sequence, ROWS.c.section == "call")
    rows, ranked, first, last, different = connection.execute(
        sa.select(
            sa.func.count(),
            sa.func.count(ROWS.c.rank),
            sa.func.min(ROWS.c.rank),
            sa.func.max(ROWS.c.rank),
            sa.func.count(sa.distinct(ROWS.c.rank)),
        ).where(call)
    ).one()
    if rows and (ranked, first, last, different) != (rows, 1, rows, rows):
        yield f"{rows} rows to call need the ranks 1 to {rows}, found {different} ranks from {first} to {last}"
    others = connection.execute(
        sa.select(sa.func.count(ROWS.c.rank)).where(ROWS.c.sequence == sequence, ROWS.c.section != "call")
    ).scalar_one()
    if others:
        yield f"{others} rows that are not to be called have a rank"


def _probabilities(connection: sa.Connection, record: RunRecord, sequence: int) -> Iterator[str]:  # noqa: ARG001
    for table, must in ((ROWS, "call"), (SCORES, "cohort")):
        wrong = sa.or_(
            sa.and_(table.c.section == must, table.c.probability.is_(None)),
            sa.not_(table.c.probability.between(0, 1)),
        )
        yield from _offenders(connection, table, sequence, wrong, "a probability that is missing or outside 0 to 1")


def _money(connection: sa.Connection, record: RunRecord, sequence: int) -> Iterator[str]:  # noqa: ARG001
    for table, must in ((ROWS, "call"), (SCORES, "cohort")):
        for name in ("value_at_stake", "expected_value"):
            column = table.c[name]
            wrong = sa.or_(
                sa.and_(table.c.section == must, column.is_(None)), sa.not_(column.between(-LARGEST, LARGEST))
            )
            yield from _offenders(connection, table, sequence, wrong, f"no finite {name}")


def _scores(connection: sa.Connection, record: RunRecord, sequence: int) -> Iterator[str]:  # noqa: ARG001
    # By the key of each row: NOT IN would gather the scores of all accounts first.
    scored = sa.exists().where(SCORES.c.sequence == sequence, SCORES.c.account_id == ROWS.c.account_id)
    yield from _offenders(connection, ROWS, sequence, sa.not_(scored), "no score")


def _offenders(
    connection: sa.Connection, table: sa.Table, sequence: int, wrong: sa.ColumnElement[bool], what: str
) -> Iterator[str]:
    count, example = connection.execute(
        sa.select(sa.func.count(), sa.func.min(table.c.account_id)).where(table.c.sequence == sequence, wrong)
    ).one()
    if count:
        yield f"{count} rows of {table.name} have {what} (account {example!r})"


CHECKS: tuple[Callable[[sa.Connection, RunRecord, int], Iterator[str]], ...] = (
    _counts,
    _ranks,
    _probabilities,
    _money,
    _scores,
)


def excluded_in(
    connection: sa.Connection, sequence: int, excluded: Collection[str], table: sa.Table = ROWS
) -> list[str]:
    """Return the accounts that a run's list (or scores) holds though they are excluded, by id."""
    held = sa.select(table.c.account_id).where(table.c.sequence == sequence)
    found = [connection.execute(held.where(some)).scalars().all() for some in among(table.c.account_id, excluded)]
    return sorted(account for part in found for account in part)


def among(column: sa.ColumnElement[str], accounts: Collection[str]) -> Iterator[sa.ColumnElement[bool]]:
    """Yield conditions that together hold for these accounts: a database takes only so many values in one."""
    wanted = sorted(set(accounts))
    for first in range(0, len(wanted), AT_ONCE):
        yield column.in_(wanted[first : first + AT_ONCE])


def _excluded(connection: sa.Connection, sequence: int, excluded: Collection[str]) -> list[str]:
    faults = []
    for table in (ROWS, SCORES):
        found = excluded_in(connection, sequence, excluded, table)
        if found:
            faults.append(f"{len(found)} excluded accounts are in {table.name} (account {found[0]!r})")
    return faults
