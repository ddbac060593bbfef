"""A table of a DuckDB file as a source, and what is said where it cannot be read."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import duckdb
import pytest

from pipeline.errors import SourceError
from pipeline.staging import stage


@pytest.fixture
def warehouse(firm):
    """A database with `invoices` in the schema `sales`, and one with the same name in `main`."""
    with duckdb.connect(str(firm.folder / "warehouse.duckdb")) as con:
        row = "SELECT 'a' AS account_id, DATE '2024-05-01' AS issued_at"
        con.execute(f"CREATE SCHEMA sales; CREATE TABLE sales.invoices AS {row}, 2.5 AS amount")
        con.execute(f"CREATE TABLE invoices AS {row}, 1 AS amount; CREATE VIEW recent AS SELECT * FROM invoices")
    return firm


def read(firm, source):
    return firm.rows(firm.settings(tables={"invoices": {"source": source}}), "invoices", "account_id, amount")


def refused(firm, source):
    with pytest.raises(SourceError) as caught:
        read(firm, source)
    return str(caught.value)


@pytest.mark.parametrize(
    ("source", "amount"),
    [
        ("warehouse.duckdb#sales.invoices", 25000),
        ("warehouse.duckdb#main.invoices", 10000),
        ("warehouse.duckdb#INVOICES", 10000),
        ("warehouse.duckdb#recent", 10000),
    ],
)
def test_a_table_or_view_is_named_after_the_file(warehouse, source, amount):
    assert read(warehouse, source) == [("a", amount)]


def test_reading_changes_nothing_in_the_file(warehouse):
    before = (warehouse.folder / "warehouse.duckdb").read_bytes()
    read(warehouse, "warehouse.duckdb#recent")
    assert (warehouse.folder / "warehouse.duckdb").read_bytes() == before


def test_two_tables_of_one_file_feed_one_config(warehouse):
    both = [{"source": "warehouse.duckdb#sales.invoices"}, {"source": "warehouse.duckdb#main.invoices"}]
    settings = warehouse.settings(tables={"invoices": both})
    assert warehouse.rows(settings, "invoices", "amount") == [(10000,), (25000,)]


def test_a_missing_table_names_the_nearest(warehouse):
    message = refused(warehouse, "warehouse.duckdb#sales.invoice")
    assert "firm.toml: tables.invoices.source" in message
    assert "has no table 'sales.invoice'; did you mean 'sales.invoices'" in message


def test_a_file_alone_asks_which_table(warehouse):
    assert "say which table, as in warehouse.duckdb#main.invoices" in refused(warehouse, "warehouse.duckdb")


def test_a_pattern_of_databases_is_refused(warehouse):
    assert "name one DuckDB file" in refused(warehouse, "*.duckdb#invoices")


def test_a_damaged_file(firm):
    (firm.folder / "cut.duckdb").write_bytes(b"not a database" * 1000)
    assert "cannot be read as DuckDB" in refused(firm, "cut.duckdb#invoices")


def test_a_file_that_is_being_written_says_so_and_by_whom(warehouse):
    file = warehouse.folder / "warehouse.duckdb"
    code = f"import duckdb; con = duckdb.connect({str(file)!r}); print('open', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        writer.stdout.readline()
        message = refused(warehouse, "warehouse.duckdb#invoices")
        writer.communicate(b"\n")
    assert f"is open for writing elsewhere (PID {writer.pid})" in message
    assert len(read(warehouse, "warehouse.duckdb#invoices")) == 1


def test_a_number_sign_in_the_name_of_another_kind_of_file_is_part_of_it(firm):
    firm.csv("a#b.csv", "account_id,issued_at,amount\na,2024-05-01,1")
    assert read(firm, "a#b.csv") == [("a", 10000)]


def test_a_writer_may_come_back_once_the_tables_are_staged(warehouse):
    settings = warehouse.settings(tables={"invoices": {"source": "warehouse.duckdb#invoices"}})
    with stage(settings, date(2025, 1, 1)), duckdb.connect(str(warehouse.folder / "warehouse.duckdb")) as con:
        con.execute("DROP VIEW recent")
