"""When rows became known: a column that says when each was entered, if it really does."""

from __future__ import annotations

import duckdb

from pipeline.discovery.names import fit
from pipeline.discovery.profile import Column
from pipeline.discovery.proposal import Entry
from pipeline.discovery.words import KNOWN_AT

_SOON = 90
"""Days after a row's own date by which nearly all rows of an honest `created_at` were entered."""


def take_known_at(con: duckdb.DuckDBPyConnection, entry: Entry, occurred: Column | None) -> None:
    """Map `known_at` where a column says when rows were entered, and not when the table was last loaded.

    Such a column is nearly always filled, hardly ever before the row's own date, and soon after it.
    """
    profile = entry.profile
    if occurred is None:
        return
    for name, column in profile.columns.items():
        if name in entry.used or not column.is_time or column.empty or not fit(name, KNOWN_AT, profile.name):
            continue
        at, own = column.time_sql or column.plain, occurred.time_sql or occurred.plain
        late = f"date_diff('day', CAST({own} AS TIMESTAMP), CAST({at} AS TIMESTAMP))"
        fitting, rows = con.execute(
            f"SELECT count(*) FILTER ({late} BETWEEN 0 AND {_SOON}), count({late}) FROM {profile.seen}"
        ).fetchall()[0]
        if rows and fitting >= 0.95 * rows:
            entry.take("known_at", column, "when the row was entered; rows that came late are seen as late")
            return
        entry.used.add(name)
        apart = 1 - fitting / max(rows, 1)
        entry.notes.append(
            f"known_at is not mapped: '{name}' is before the row's own date, or long after it, in "
            f"{apart:.0%} of the rows."
        )
