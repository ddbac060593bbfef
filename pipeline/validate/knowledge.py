"""Checks of when rows became known: tables that cannot tell, and sources that stopped being filled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pipeline.sources import literal
from pipeline.staged import UNKNOWN_AT
from pipeline.staging import Stage
from pipeline.tables import HISTORY_TABLES
from pipeline.validate.statement import Statement, example

STOPPED_DAYS = 31
"""A table whose latest row is this many days older than another's has probably stopped being filled."""

_OPENED = ": when the account was opened, else always"


def no_known_at(stage: Stage) -> Iterator[Statement]:
    """Tables without known_at; for accounts see snapshot_of_today."""
    for table in HISTORY_TABLES:
        staged = stage.tables.get(table)
        if staged is None or table == "accounts":
            continue
        if "known_at" not in staged.columns:
            yield Statement(
                table,
                f"SELECT 'no known_at', count(*), '' FROM {staged.name} WHERE _rule IS NULL HAVING count(*) > 0",
                "Rows count as known when they occurred: late rows, and values overwritten since, cannot be seen.",
            )


def empty_known_at(stage: Stage) -> Iterator[Statement]:
    """Rows without known_at in tables that have it.

    An error for accounts with attributes that are features and change: they would be seen before they were known.
    """
    settings = stage.settings.accounts
    for table in HISTORY_TABLES:
        staged = stage.tables.get(table)
        if staged is None or "known_at" not in staged.columns:
            continue
        changing = [name for name in settings.features if table == "accounts" and name not in settings.constant]
        notes = "list_contains(string_split(_notes, ','), {})"
        empty = [notes.format(literal(UNKNOWN_AT))]
        if table == "accounts":
            empty += [notes.format(literal(f"known_at {problem}")) for problem in ("unreadable", "implausible")]
        yield Statement(
            table,
            f"SELECT {literal(UNKNOWN_AT)}, count(*), {example(staged)} FROM {staged.name} "
            f"WHERE _rule IS NULL AND ({' OR '.join(empty)}) HAVING count(*) > 0",
            f"These rows count as known when they occurred{_OPENED if table == 'accounts' else ''}.",
            stops_above=0 if changing else None,
            remedy=(
                f"{', '.join(changing)} would be seen before it was known: fill known_at in, leave such rows out by "
                "`where`, or take it out of [accounts] features."
            ),
        )


def stopped_sources(stage: Stage) -> Iterator[Statement]:
    """Tables whose latest row known at as_of is much older than that of another table."""
    tables = [table for table in ("interactions", "invoices", "subscriptions") if table in stage.tables]
    if len(tables) < 2:
        return
    latest = {table: stage.whole.latest(table) for table in tables}
    newest = max((at for at in latest.values() if at is not None), default=None)
    for table, own in latest.items():
        if newest is not None and (own is None or own < newest - timedelta(days=STOPPED_DAYS)):
            shown = f"latest row {'never' if own is None else own.date()}, others reach {newest.date()}"
            yield Statement(
                table,
                f"SELECT 'stopped being filled', 1, {literal(shown)}",
                "Check the export: no rows will be read as nothing having happened.",
                counts_rows=False,
                fixed=True,
            )
