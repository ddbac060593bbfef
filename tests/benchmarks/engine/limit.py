"""The limit: what DuckDB takes, on the same file, for the least that any engine must do.

One query by as many threads as ours has workers: scan the columns that the features read, sort each account's instants,
and aggregate each column by account. No as_of, no window, no condition, no distinct value, no feature: an engine that
took one times this would compute for nothing. The median of three runs counts.

`carried`, for comparison, is DuckDB's sort of the same columns by account and instant, with every column carried along.
"""

from __future__ import annotations

from typing import Any

import duckdb

from engine.child import median, run

LEAST = """
SELECT count(*), sum(list_sum(instants)), sum(rows), sum(known), sum(latest), sum(amount), sum(kinds), sum(people),
    sum(closed)
FROM (
    SELECT account_id, list_sort(list(epoch_us(occurred_at))) AS instants, count(*) AS rows,
        max(epoch_us(known_at)) AS known, max(interaction_id) AS latest, sum(quantity) AS amount, max(kind) AS kind,
        count(kind) AS kinds, max(contact_id) AS person, count(contact_id) AS people,
        max(epoch_us(closed_at)) AS closed
    FROM read_parquet('{file}') GROUP BY account_id
)"""
CARRIED = """
CREATE OR REPLACE TEMP TABLE sorted AS
SELECT interaction_id, account_id, occurred_at, known_at, kind, quantity, contact_id, closed_at
FROM read_parquet('{file}') ORDER BY account_id, occurred_at
"""


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Run the query several times and return the median; with `carried`, the sort with all columns as well."""
    con = duckdb.connect(config={"threads": job["workers"]})
    found: dict[str, Any] = median(lambda: _run(con, LEAST.format(file=job["file"])))
    if job.get("carried"):
        found["carried"] = median(lambda: _run(con, CARRIED.format(file=job["file"])), most=1)
    return found


def _run(con: duckdb.DuckDBPyConnection, query: str) -> None:
    con.execute(query).fetchall()


if __name__ == "__main__":
    run(measure)
