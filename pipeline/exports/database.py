"""Sinks that are a DuckDB file: tables `lists` (what readers see now), `list_history` (every run's) and `runs`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

import pyarrow as pa

from pipeline.errors import SinkError
from pipeline.exports.columns import COLUMNS, MONEY, RANKS, RATES
from pipeline.exports.files import as_arrow, unwritable
from pipeline.exports.sink import PublishedLists, Sink, Written
from pipeline.store import Run
from pipeline.store.drill import reached
from pipeline.store.frames import cells, in_order

if TYPE_CHECKING:
    import duckdb

_TYPES = dict.fromkeys(COLUMNS, "VARCHAR") | dict.fromkeys((*RATES, *MONEY), "DOUBLE")
_TYPES |= dict.fromkeys(RANKS, "INTEGER") | {"as_of": "DATE", "reasons_json": "JSON"}

_RUN_TYPES = {
    "run_id": "VARCHAR", "sequence": "INTEGER", "target": "VARCHAR", "as_of": "DATE", "shown": "BOOLEAN",
    "model_name": "VARCHAR", "model_version": "VARCHAR", "model_digest": "VARCHAR", "feature_digest": "VARCHAR",
    "settings_digest": "VARCHAR", "code_version": "VARCHAR", "currency": "VARCHAR", "previous_run": "VARCHAR",
    "counts": "JSON", "created_at": "TIMESTAMP WITH TIME ZONE",
}  # fmt: skip

TABLES = {"lists": _TYPES, "list_history": _TYPES, "runs": _RUN_TYPES}
"""Table -> column -> type. Reasons are a line of text each in `reasons`, and whole in `reasons_json`."""


class DuckdbFile:
    """The three tables change in one transaction; nothing else in the file is touched."""

    place: ClassVar[Literal["folder", "file"]] = "file"

    def obstacle(self, sink: Sink) -> str | None:
        if sink.where.is_dir():
            return f"{sink.where} is a folder, and a file is needed there"
        return unwritable(sink.where.parent)

    def held(self, sink: Sink, lists: PublishedLists) -> str | None:
        """Return a digest of the runs and of `lists`, None where a run or rows are missing, or it cannot be read."""
        import duckdb  # noqa: PLC0415

        runs, current = lists.all_runs(), lists.current(sink)
        shown = {run.run_id for run in current}
        if not sink.where.is_file():
            return None
        try:
            with duckdb.connect(str(sink.where), read_only=True) as database:
                if _foreign(database, sink) or not _has_tables(database):
                    return None
                told = dict(database.execute("SELECT run_id, shown FROM runs").fetchall())
                whole = (
                    told == {run.run_id: run.run_id in shown for run in runs}
                    and _lengths(database, "list_history") == _expected(runs)
                    and _lengths(database, "lists") == _expected(current)
                )
                held = _digest(sink, told, database)
        except duckdb.Error:
            return None
        return held if whole else None

    def write(self, sink: Sink, lists: PublishedLists) -> Written:
        import duckdb  # noqa: PLC0415

        try:
            sink.where.parent.mkdir(parents=True, exist_ok=True)
            with duckdb.connect(str(sink.where)) as database:
                _check_ours(database, sink)
                database.execute("BEGIN")
                _write(database, sink, lists)
                shown = {run.run_id for run in lists.current(sink)}
                made = _digest(sink, {run.run_id: run.run_id in shown for run in lists.all_runs()}, database)
                reached("export_written")
                database.execute("COMMIT")
            reached("export_renamed")
        except (duckdb.Error, OSError) as error:
            raise SinkError(
                f"the list {lists.run.run_id} is published, but the DuckDB file {sink.where} cannot be written: "
                f"{str(error).splitlines()[0]}. DuckDB lets nobody write while another process has the file open: "
                "close it there, then run the same command again."
            ) from None
        return Written(made)


def _write(database: duckdb.DuckDBPyConnection, sink: Sink, lists: PublishedLists) -> None:
    if not _has_tables(database):
        for table, columns in TABLES.items():
            database.execute(f"DROP TABLE IF EXISTS {table}")
            database.execute(f"CREATE TABLE {table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
            database.execute(f"COMMENT ON TABLE {table} IS '{_mark(sink)}'")
    current, runs = lists.current(sink), lists.all_runs()
    kept, expected = _lengths(database, "list_history"), _expected(runs)
    for run in runs:
        if kept.get(run.run_id) != expected.get(run.run_id):
            database.execute("DELETE FROM list_history WHERE run_id = ?", [run.run_id])
            _insert(database, "list_history", _rows(run, lists))
    database.execute("DELETE FROM lists")
    for run in current:
        _insert(database, "lists", _rows(run, lists))
    database.execute("DELETE FROM runs")
    _insert(database, "runs", _runs(runs, {run.run_id for run in current}))


def _lengths(database: duckdb.DuckDBPyConnection, table: str) -> dict[str, int]:
    """Return run -> rows of it in a table."""
    return dict(database.execute(f"SELECT run_id, count(*) FROM {table} GROUP BY run_id").fetchall())


def _expected(runs: Sequence[Run]) -> dict[str, int]:
    """Return run -> rows of its list, which the store has audited; a run without rows is left out."""
    lengths = {run.run_id: sum(run.counts.get(name, 0) for name in ("listed", "leaving", "too_new")) for run in runs}
    return {run_id: length for run_id, length in lengths.items() if length}


def _insert(database: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    database.register("rows_to_insert", rows)
    database.execute(f"INSERT INTO {table} BY NAME SELECT * FROM rows_to_insert")
    database.unregister("rows_to_insert")


def _rows(run: Run, lists: PublishedLists) -> pa.Table:
    rows = lists.rows(run)
    table = as_arrow(run, rows)
    reasons = table.column("reasons").to_pylist()
    whole = [json.dumps(list(row), ensure_ascii=False, sort_keys=True) for row in cells(in_order(rows)["reasons"])]
    table = table.set_column(table.column_names.index("reasons"), "reasons", pa.array(map("\n".join, reasons)))
    return table.append_column("reasons_json", pa.array(whole, pa.string()))


def _runs(runs: Sequence[Run], shown: set[str]) -> pa.Table:
    records = [
        {name: getattr(run, name) for name in _RUN_TYPES if name not in ("shown", "counts")}
        | {"shown": run.run_id in shown, "counts": json.dumps(dict(run.counts))}
        for run in runs
    ]
    return pa.Table.from_pylist(records)


def _mark(sink: Sink) -> str:
    return f"written by keepgrow for the config {sink.config}"


def _foreign(database: duckdb.DuckDBPyConnection, sink: Sink) -> list[str]:
    """Return the tables and views that have one of our names and not our mark."""
    here = "schema_name = 'main' AND database_name = current_database()"
    found = database.execute(
        f"SELECT table_name, comment FROM duckdb_tables() WHERE {here} "
        f"UNION ALL SELECT view_name, comment FROM duckdb_views() WHERE {here}"
    ).fetchall()
    return sorted(name for name, comment in found if name.lower() in TABLES and comment != _mark(sink))


def _check_ours(database: duckdb.DuckDBPyConnection, sink: Sink) -> None:
    foreign = _foreign(database, sink)
    if foreign:
        raise SinkError(
            f"{sink.where} has a table {foreign[0]!r} that was not {_mark(sink)}, so it is left as it is. Rename it, "
            "or give the sink a file of its own; then run the same command again."
        )


def _has_tables(database: duckdb.DuckDBPyConnection) -> bool:
    """Whether the tables are there with the columns of this version; others of ours are made anew from the store."""
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in database.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE schema_name = 'main' AND database_name = current_database() ORDER BY column_index"
    ).fetchall():
        found.setdefault(table, {})[column] = kind
    return all(found.get(table) == columns for table, columns in TABLES.items())


def _digest(sink: Sink, told: Mapping[str, bool], database: duckdb.DuckDBPyConnection) -> str:
    """Return SHA-256 of which runs are told of and of every cell of `lists`."""
    cells = database.execute(
        "SELECT sha256(string_agg(line, chr(10) ORDER BY line)) FROM "
        "(SELECT CAST(to_json(lists) AS VARCHAR) AS line FROM lists)"
    ).fetchall()[0][0]
    return hashlib.sha256(json.dumps([_mark(sink), sorted(told.items()), cells]).encode()).hexdigest()
