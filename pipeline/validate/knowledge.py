"""Checks of when rows became known: tables that cannot tell, and sources that stopped being filled."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.staging import Stage
from pipeline.tables import HISTORY_TABLES
from pipeline.validate.statement import Statement

STOPPED_DAYS = 31
"""A table whose latest row is this many days older than another's has probably stopped being filled."""


def no_known_at(stage: Stage) -> Iterator[Statement]:
    """Tables without known_at, and rows without it in tables that have it."""
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


def stopped_sources(stage: Stage) -> Iterator[Statement]:
    """Tables whose latest row known at as_of is much older than that of another table."""
    at = f"TIMESTAMP '{stage.as_of}'"
    latest = {
        table: f"(SELECT max(known_at) FROM staged_{table} WHERE _rule IS NULL AND known_at <= {at})"
        for table in ("interactions", "invoices", "subscriptions")
        if table in stage.tables
    }
    newest = f"greatest({', '.join(latest.values())})"
    for table, own in latest.items():
        if len(latest) > 1:
            yield Statement(
                table,
                "SELECT 'stopped being filled', 1, 'latest row ' || "
                "coalesce(CAST(CAST(own AS DATE) AS VARCHAR), 'never') || "
                "', others reach ' || CAST(CAST(newest AS DATE) AS VARCHAR) "
                f"FROM (SELECT {own} AS own, {newest} AS newest) "
                f"WHERE newest IS NOT NULL AND (own IS NULL OR own < newest - INTERVAL {STOPPED_DAYS} DAY)",
                "Check the export: no rows will be read as nothing having happened.",
            )
