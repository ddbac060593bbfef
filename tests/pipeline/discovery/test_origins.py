"""From paths to tables: files, folders, globs, database files, and what is said about anything else."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipeline.discovery.origins import find_origins
from pipeline.errors import SourceError

ROWS = "customer_id,day\nC1,2024-01-01"


def sources(tables, *paths: str):
    with duckdb.connect() as con:
        found = find_origins(con, [tables.folder / path for path in paths], tables.folder)
    return [(origin.source, origin.name) for origin in found]


def refused(tables, *paths: str):
    with pytest.raises(SourceError) as caught:
        sources(tables, *paths)
    return str(caught.value)


def test_files_and_folders_inside_the_configs_folder_are_named_from_there(tables):
    tables.csv("data/orders", ROWS)
    tables.csv("data/tickets", ROWS)
    assert sources(tables, "data", "data/orders.csv") == [
        ("data/orders.csv", "orders"),
        ("data/tickets.csv", "tickets"),
    ]


def test_files_elsewhere_are_named_in_full(tables, tmp_path_factory):
    other = tmp_path_factory.mktemp("elsewhere") / "orders.csv"
    other.write_text(ROWS, encoding="utf-8")
    with duckdb.connect() as con:
        (origin,) = find_origins(con, [other], tables.folder)
    assert origin.source == str(other)


def test_files_that_differ_in_numbers_are_one_table(tables):
    for year in (2023, 2024):
        tables.csv(f"data/orders_{year}", ROWS)
    tables.csv("data/tickets", ROWS)
    assert sources(tables, "data") == [("data/orders_*.csv", "orders"), ("data/tickets.csv", "tickets")]
    assert sources(tables, "data/orders_*.csv") == [("data/orders_*.csv", "orders")]


def test_files_with_other_columns_are_tables_of_their_own(tables):
    tables.csv("data/export_1", ROWS)
    tables.csv("data/export_2", "ticket_id,day\n1,2024-01-01")
    assert [source for source, _ in sources(tables, "data")] == ["data/export_1.csv", "data/export_2.csv"]


def test_a_partitioned_folder_is_one_table(tables):
    tables.parquet("data/orders/region=north/0", "SELECT 1 AS customer_id")
    tables.parquet("data/orders/region=south/0", "SELECT 2 AS customer_id")
    assert sources(tables, "data") == [("data/orders", "orders")]
    assert sources(tables, "data/orders") == [("data/orders", "orders")]


def test_every_table_of_a_database(tables):
    with duckdb.connect(str(tables.folder / "w.duckdb")) as con:
        con.execute(
            "CREATE SCHEMA crm; CREATE TABLE crm.accounts AS SELECT 1 AS id; CREATE TABLE orders AS SELECT 1 AS id"
        )
    assert sources(tables, "w.duckdb") == [("w.duckdb#main.orders", "orders"), ("w.duckdb#crm.accounts", "accounts")]


def test_tables_of_one_name_are_told_apart(tables):
    tables.csv("a/orders", ROWS)
    tables.csv("b/orders", ROWS)
    assert [name for _, name in sources(tables, "a/orders.csv", "b/orders.csv")] == ["orders", "orders_2"]


def test_a_missing_file_names_the_nearest(tables):
    tables.csv("orders", ROWS)
    assert "order.csv does not exist; did you mean 'orders.csv'?" in refused(tables, "order.csv")


def test_a_workbook_is_to_be_saved_as_csv(tables):
    (tables.folder / "orders.xlsx").write_bytes(b"PK")
    assert "Save a workbook as CSV first" in refused(tables, "orders.xlsx")


def test_folders_and_patterns_without_tables(tables):
    (tables.folder / "empty").mkdir()
    assert "holds no file that can be read" in refused(tables, "empty")
    assert "no file that can be read matches" in refused(tables, "*.parquet")


def test_empty_files_and_databases(tables):
    (tables.folder / "orders.csv").touch()
    assert "orders.csv is empty" in refused(tables, "orders.csv")
    with duckdb.connect(str(tables.folder / "w.duckdb")):
        pass
    assert "w.duckdb holds no table" in refused(tables, "w.duckdb")


def test_a_damaged_file(tables):
    Path(tables.folder / "orders.parquet").write_bytes(b"not Parquet at all")
    with pytest.raises(SourceError, match="cannot be read as Parquet"):
        tables.discovered(tables.folder / "orders.parquet")
    Path(tables.folder / "w.duckdb").write_bytes(b"not a database" * 1000)
    assert "cannot be read as DuckDB" in refused(tables, "w.duckdb")
