"""Parts of a source, read one by one, are the rows of the source as it is read whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipeline.query import described
from pipeline.settings import Settings, parse
from pipeline.sources import located, relation
from pipeline.spark import parts
from pipeline.spark.parts import Part, folders_of, parts_of


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        yield con


def whole_and_parts(
    con: duckdb.DuckDBPyConnection, folder: Path, source: str, as_text: list[str]
) -> tuple[list[tuple], list[tuple], list[Part]]:
    """Return the rows of a source, those of its parts together, and the parts."""
    data = {"name": "firm", "folder": folder, "tables": {"invoices": [{"source": source}]}}
    settings = parse(Settings, data, "firm.toml")
    reader, pattern = located(source, settings, "here")
    assert reader.call is not None
    rows = relation(con, source, settings, "here", as_text)
    types = described(con, f"SELECT * FROM {rows}")
    whole = Part("invoices", 0, pattern, 0, reader.call(con, pattern, as_text), types)
    made = parts_of(con, whole, pattern, reader.kind, "here")
    shown = ", ".join(f'"{name}", typeof("{name}")' for name in types)
    read = [
        row for part in made for row in con.execute(f"SELECT {shown} FROM {part.relation(con)} AS source").fetchall()
    ]
    return sorted(con.execute(f"SELECT {shown} FROM {rows}").fetchall(), key=repr), sorted(read, key=repr), made


def test_csv_files_get_the_types_of_all_of_them(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,Amount,day\n007,1,2024-01-01\n008,2.50,\n")
    (tmp_path / "b.csv").write_text("amount,id,day,more\n0.10,9,2024-01-02,x\n3,x9,2024-01-03,\n")
    (tmp_path / "c.csv").write_text("id,day\n11,someday\n")
    whole, read, made = whole_and_parts(con, tmp_path, "*.csv", [])
    assert read == whole
    assert len(made) == 3
    assert ("007", "VARCHAR") in {row[:2] for row in read}


def test_ids_of_csv_files_stay_as_they_are_written(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id;x\n1.0;5\n")
    (tmp_path / "b.csv").write_text("id;x\n2;6\n")
    whole, read, _ = whole_and_parts(con, tmp_path, "*.csv", ["id"])
    assert read == whole == [("1.0", "VARCHAR", 5, "BIGINT"), ("2", "VARCHAR", 6, "BIGINT")]


def test_latin_1_is_read_in_every_file_where_one_needs_it(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("id,name\n1,Sørensen\n".encode("latin-1"))
    (tmp_path / "b.csv").write_text("id,name\n2,Jensen\n")
    whole, read, _ = whole_and_parts(con, tmp_path, "*.csv", [])
    assert read == whole
    assert [row[2] for row in read] == ["Sørensen", "Jensen"]


def test_folders_name_columns_with_the_types_of_all_of_them(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    for month, kind, ending in (("01", "x", "BIGINT"), ("02", "y", "INTEGER"), ("spring", "z", "DOUBLE")):
        folder = tmp_path / "rows" / f"month={month}" / f"kind={kind}"
        folder.mkdir(parents=True)
        con.execute(f"COPY (SELECT 7::{ending} AS value) TO '{folder / 'part.parquet'}' (FORMAT parquet)")
    whole, read, made = whole_and_parts(con, tmp_path, "rows", [])
    assert read == whole
    assert len(made) == 3
    assert {row[-2:] for row in read} == {("01", "VARCHAR"), ("02", "VARCHAR"), ("spring", "VARCHAR")}


def test_a_large_parquet_file_is_read_in_stretches(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    con.execute(
        f"COPY (SELECT range AS n FROM range(5000)) TO '{tmp_path / 'a.parquet'}' (FORMAT parquet, ROW_GROUP_SIZE 2048)"
    )
    monkeypatch.setattr(parts, "PART_ROWS", 1500)
    whole, read, made = whole_and_parts(con, tmp_path, "a.parquet", [])
    assert read == whole
    assert [part.rows for part in made] == [(0, 1499), (1500, 2999), (3000, 4499), (4500, 4999)]


def test_only_folders_name_columns() -> None:
    assert folders_of("/data/Year=2024/kind=call/a=b.parquet") == {"year", "kind"}
