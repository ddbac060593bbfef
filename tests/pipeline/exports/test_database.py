"""DuckDB files: three tables that change together, and everything else left alone."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from typing import Any

import duckdb
import pytest


@pytest.fixture
def query(lists):
    """Ask the exported file."""

    def ask(sql: str) -> list[Any]:
        with duckdb.connect(str(lists.folder / "lists.duckdb"), read_only=True) as database:
            return database.execute(sql).fetchall()

    return ask


def test_the_file_holds_the_lists_their_history_and_the_runs(lists, query):
    old = lists.publish("churn", day=30, rows=[{"name": "old"}])
    lists.export(lists.sink("duckdb"))
    new = lists.publish("churn", rows=[{"name": "new"}, {"name": "gone", "section": "leaving"}])
    grow = lists.publish("upsell", rows=[{"name": "grows"}])
    status = lists.export(lists.sink("duckdb"))
    assert (status.status, status.error) == ("done", None)
    assert query("SELECT target, name, rank FROM lists ORDER BY ALL") == [
        ("churn", "gone", None), ("churn", "new", 1), ("upsell", "grows", 1),
    ]  # fmt: skip
    assert query("SELECT run_id, name FROM list_history ORDER BY name") == [
        (new.run_id, "gone"), (grow.run_id, "grows"), (new.run_id, "new"), (old.run_id, "old"),
    ]  # fmt: skip
    assert query("SELECT run_id, shown, model_version, counts->>'listed' FROM runs ORDER BY sequence") == [
        (old.run_id, False, "3", "1"), (new.run_id, True, "3", "1"), (grow.run_id, True, "3", "1"),
    ]  # fmt: skip


def test_columns_have_types_and_texts_are_as_they_are(lists, query, traps):
    lists.publish(rows=[{"name": traps[0], "reasons": [{"text": "a", "contribution": 0.5}, {"text": "b"}]}])
    lists.export(lists.sink("duckdb"))
    ((row),) = query("SELECT name, probability, value_at_stake, as_of, reasons, reasons_json FROM lists")
    assert row == (
        "=1+1", 0.7, 1200.0, date(2026, 1, 31), "a\nb", '[{"contribution": 0.5, "text": "a"}, {"text": "b"}]',
    )  # fmt: skip
    kinds = dict(query("SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'lists'"))
    assert [kinds[name] for name in ("rank", "probability", "as_of", "reasons_json", "name")] == [
        "INTEGER", "DOUBLE", "DATE", "JSON", "VARCHAR",
    ]  # fmt: skip


def test_a_rerun_rewrites_nothing(lists):
    lists.publish("churn", rows=[{}])
    lists.publish("upsell", rows=[{}])
    first = lists.export(lists.sink("duckdb"))
    file = lists.folder / "lists.duckdb"
    before = (file.stat().st_mtime_ns, file.read_bytes())
    assert lists.export(lists.sink("duckdb")) == first
    assert lists.export(lists.sink("duckdb"), "upsell").digest == first.digest
    assert (file.stat().st_mtime_ns, file.read_bytes()) == before


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM lists",
        "DELETE FROM list_history",
        "UPDATE runs SET shown = false",
        "DROP TABLE runs",
        "ALTER TABLE lists DROP COLUMN team",
        "UPDATE lists SET probability = 0.99",
        "UPDATE lists SET name = NULL WHERE rank = 1",
    ],
)
def test_what_somebody_changed_is_written_again(lists, query, damage):
    lists.publish(rows=[{}, {}])
    lists.export(lists.sink("duckdb"))
    with duckdb.connect(str(lists.folder / "lists.duckdb")) as database:
        database.execute(damage)
    assert lists.export(lists.sink("duckdb")).status == "done"
    assert query("SELECT count(*), count(team) FROM lists") == [(2, 2)]
    assert query("SELECT name, probability FROM lists ORDER BY ALL") == [("Firm 1", 0.7), ("Firm 2", 0.7)]
    assert query("SELECT count(*) FROM list_history") == [(2,)]
    assert query("SELECT shown FROM runs") == [(True,)]


def test_a_rollback_shows_the_older_list_again(lists, query):
    old = lists.publish(day=30, rows=[{"name": "old"}])
    lists.export(lists.sink("duckdb"))
    lists.publish(rows=[{"name": "new"}])
    lists.export(lists.sink("duckdb"))
    lists.store.rollback("churn", old.run_id, "ops", old.created_at, excluded=())
    lists.export(lists.sink("duckdb"))
    assert query("SELECT name FROM lists") == [("old",)]
    assert query("SELECT shown FROM runs ORDER BY sequence") == [(True,), (False,)]


def test_other_tables_of_the_file_are_left_alone(lists, query):
    with duckdb.connect(str(lists.folder / "lists.duckdb")) as database:
        database.execute("CREATE TABLE mine AS SELECT 42 AS answer; CREATE SCHEMA s; CREATE TABLE s.runs (x INTEGER)")
    lists.publish(rows=[{}])
    assert lists.export(lists.sink("duckdb")).status == "done"
    assert query("SELECT answer FROM mine") == [(42,)]
    assert query("SELECT count(*) FROM s.runs") == [(0,)]


@pytest.mark.parametrize("statement", ["CREATE TABLE runs (km INTEGER)", "CREATE VIEW Lists AS SELECT 1 AS x"])
def test_a_table_of_the_same_name_that_is_not_ours_is_never_replaced(lists, query, statement):
    with duckdb.connect(str(lists.folder / "lists.duckdb")) as database:
        database.execute(statement)
    lists.publish(rows=[{}])
    status = lists.export(lists.sink("duckdb"), wait=lambda _: None)
    assert status.status == "failed"
    assert "was not written by keepgrow for the config firm, so it is left as it is" in status.error
    assert (
        len(query("SELECT * FROM duckdb_tables() UNION ALL BY NAME SELECT * FROM duckdb_views() WHERE NOT internal"))
        == 1
    )


def test_a_file_that_is_no_database_is_left_as_it_is(lists):
    file = lists.folder / "lists.duckdb"
    file.write_text("my notes, no database" * 1000)
    lists.publish(rows=[{}])
    status = lists.export(lists.sink("duckdb"), wait=lambda _: None)
    assert status.status == "failed"
    assert f"the DuckDB file {file} cannot be written" in status.error
    assert file.read_text().startswith("my notes")


def test_a_file_that_another_process_holds_is_tried_again_then_reported(lists, query):
    lists.publish(day=30, rows=[{"name": "old"}])
    lists.export(lists.sink("duckdb"))
    lists.publish(rows=[{"name": "new"}])
    file = lists.folder / "lists.duckdb"
    hold = (
        f"import duckdb, time; con = duckdb.connect({str(file)!r}, read_only=True); print(flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", hold], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        waits: list[float] = []
        status = lists.export(lists.sink("duckdb"), wait=waits.append)
        assert (status.status, waits) == ("failed", [1.0, 2.0])
        assert "DuckDB lets nobody write while another process has the file open" in status.error
        assert lists.store.published("churn").as_of == date(2026, 1, 31)
    finally:
        holder.kill()
        holder.communicate()
    assert query("SELECT name FROM lists") == [("old",)]
    assert lists.export(lists.sink("duckdb")).status == "done"
    assert query("SELECT name FROM lists") == [("new",)]


def test_a_long_history_is_added_to_and_not_written_anew(lists, query):
    lists.publish(day=30, rows=[{}])
    lists.export(lists.sink("duckdb"))
    with duckdb.connect(str(lists.folder / "lists.duckdb")) as database:
        database.execute("UPDATE list_history SET name = 'as it was'")
    lists.publish(rows=[{"name": "new"}])
    lists.export(lists.sink("duckdb"))
    assert query("SELECT name FROM list_history ORDER BY name") == [("as it was",), ("new",)]
