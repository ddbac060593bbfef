"""Naive SQL: the rows joined to the as_of dates that may see them, then one aggregate per feature (DuckDB)."""

from __future__ import annotations

from typing import Any

import duckdb

from engine.child import median, run

VISIBLE = """
SELECT d.as_of, e.account_id, e.occurred_at, e.kind, e.quantity, e.contact_id,
    CASE WHEN e.closed_at < d.as_of THEN e.closed_at END AS closed_at,
    date_diff('day', e.occurred_at::DATE, d.as_of::DATE) AS age
FROM dates d JOIN read_parquet('{file}') e
    ON e.known_at < d.as_of AND (e.superseded_at IS NULL OR e.superseded_at >= d.as_of)
"""
COLUMNS = {"kind": "kind", "contact_id": "contact_id", "quantity": "quantity"}


def query(task: dict[str, Any], file: str) -> str:
    """Return the whole query: one row per as_of and account, sorted, with a column per feature."""
    measures = list(task["features"].items())
    aggregates = Aggregates()
    chosen = ",\n    ".join(f'{aggregates.value(part)} AS "{name}"' for name, part in measures)
    own = ",\n    ".join(f"{text} AS {name}" for text, name in aggregates.names.items())
    return f"""
WITH visible AS ({VISIBLE.format(file=file)}),
main AS (
    SELECT as_of, account_id,
    {own}
    FROM visible GROUP BY as_of, account_id
),
days AS (
    SELECT as_of, account_id, kind, age, any_value(age) AS day FROM visible
    WHERE occurred_at < as_of GROUP BY ALL
),
alldays AS (SELECT DISTINCT as_of, account_id, age FROM days),
gaps AS (
    SELECT as_of, account_id, age - lead(age) OVER (PARTITION BY as_of, account_id ORDER BY age DESC) AS gap
    FROM alldays
),
gap AS (
    SELECT as_of, account_id, avg(gap) AS gap_mean, max(gap)::DOUBLE AS gap_longest,
        CASE WHEN count(gap) > 1 THEN stddev_pop(gap) END AS gap_deviation
    FROM gaps GROUP BY as_of, account_id
),
decays AS (
    SELECT as_of, account_id, {", ".join(f"sum(exp2(-age / {n}.0)) AS days_{n}" for n in aggregates.half_lives)}
    FROM alldays GROUP BY as_of, account_id
),
people AS (
    SELECT as_of, account_id, contact_id, count(*) AS n FROM visible
    WHERE occurred_at < as_of AND age <= 365 AND contact_id IS NOT NULL GROUP BY ALL
),
top AS (SELECT as_of, account_id, max(n) / sum(n) AS top FROM people GROUP BY as_of, account_id)
SELECT account_id, as_of,
    {chosen}
FROM main LEFT JOIN gap USING (as_of, account_id) LEFT JOIN top USING (as_of, account_id)
    LEFT JOIN decays USING (as_of, account_id)
ORDER BY as_of, account_id
"""


class Aggregates:
    """The aggregates that features need, each once, by their text."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.half_lives: list[int] = []

    def value(self, part: dict[str, Any]) -> str:
        """Return the expression of a feature over the columns that aggregates give."""
        match part["is"]:
            case "combined":
                return _combined(part, self.value(part["a"]), self.value(part["b"]))
            case "gaps":
                return f"gap_{part['how']}"
            case "top":
                return "top"
            case "decayed" if part["how"] == "days":
                if part["half_life"] not in self.half_lives:
                    self.half_lives.append(part["half_life"])
                return f"coalesce(days_{part['half_life']}, 0)"
        return self._named(_aggregate(part))

    def _named(self, text: str) -> str:
        return self.names.setdefault(text, f"m{len(self.names)}")


def _aggregate(part: dict[str, Any]) -> str:
    tests = [f"kind = '{part['kind']}'"] if part["kind"] else []
    tests += ["closed_at IS NULL"] if part["open"] else []
    if part["is"] == "until":
        only = f"FILTER ({' AND '.join([*tests, 'occurred_at >= as_of'])})"
        return f"count(*) {only}::DOUBLE" if part["how"] == "count" else f"(-max(age) {only})::DOUBLE"
    tests.append("occurred_at < as_of")
    if part["is"] == "since":
        return f"({'min' if part['which'] == 'last' else 'max'}(age) FILTER ({' AND '.join(tests)}))::DOUBLE"
    if part["is"] == "decayed":
        only = f"FILTER ({' AND '.join(tests)})"
        return f"coalesce(sum(quantity * exp2(-age / {part['half_life']}.0)) {only}, 0)"
    if part["window"]:
        tests.append(f"age <= {part['window'] + part['back']}")
    if part["back"]:
        tests.append(f"age > {part['back']}")
    only = f"FILTER ({' AND '.join(tests)})"
    match part["is"]:
        case "count":
            return f"(count(*) {only})::DOUBLE"
        case "days":
            return f"(count(DISTINCT age) {only})::DOUBLE"
        case "distinct":
            return f"(count(DISTINCT {part['column']}) {only})::DOUBLE"
        case "sum":
            return f"coalesce(sum({part['column']}) {only}, 0)"
    raise ValueError(f"no SQL for {part}")


def _combined(part: dict[str, Any], a: str, b: str) -> str:
    match part["how"]:
        case "monthly":
            # greatest() leaves NULL out: an account that is known by a booking alone has no first row.
            return f"CASE WHEN {b} IS NOT NULL THEN {a} * 30 / greatest({b}, 30) * {part['times']} END"
        case "ratio":
            return f"CASE WHEN {b} > 0 THEN {a} / {b} * {part['times']} END"
        case "change":
            return f"CASE WHEN {b} > 0 THEN {a} / {b} - 1 END"
    raise ValueError(f"no SQL for {part}")


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Run the query into a table in memory."""
    con = duckdb.connect(config={"threads": job["workers"]})
    con.execute("CREATE FUNCTION exp2(x) AS pow(2, x)")
    dates = ", ".join(f"(TIMESTAMP '{day}')" for day in job["task"]["as_ofs"])
    con.execute(f"CREATE TABLE dates AS SELECT * FROM (VALUES {dates}) AS d(as_of)")
    text = query(job["task"], job["file"])
    found = median(lambda: run_once(con, text))
    if job.get("table"):
        con.execute(f"COPY features TO '{job['table']}' (FORMAT parquet)")
    return found | {"version": f"DuckDB {duckdb.__version__}"}


def run_once(con: duckdb.DuckDBPyConnection, text: str) -> None:
    con.execute(f"CREATE OR REPLACE TABLE features AS {text}").fetchall()


if __name__ == "__main__":
    run(measure)
