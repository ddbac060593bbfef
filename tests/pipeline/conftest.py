"""A firm made of a few typed rows, for tests of sources, mapping, checks and snapshots."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from textwrap import dedent
from typing import Any

import duckdb
import pytest

from pipeline.settings import Settings, parse
from pipeline.staging import stage


class Firm:
    """A folder with sources, and the settings that read them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def csv(self, name: str, text: str) -> str:
        """Write a CSV file; lines may be indented."""
        lines = [line.strip() for line in dedent(text).strip().splitlines()]
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        return name

    def parquet(self, name: str, query: str) -> str:
        """Write the result of a query as a Parquet file."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as con:
            con.execute(f"COPY ({query}) TO '{self.folder / name}' (FORMAT parquet)")
        return name

    def settings(self, **parts: Any) -> Settings:
        """Settings with the given parts; `tables` maps a name to one mapping or a list of them."""
        given = parts.pop("tables")
        tables = {name: each if isinstance(each, list) else [each] for name, each in given.items()}
        data = {"name": "firm", "folder": self.folder, "file": "firm.toml", "tables": tables, **parts}
        return parse(Settings, data, "firm.toml")

    def rows(self, settings: Settings, table: str, columns: str, as_of: date = date(2025, 1, 1)) -> list[tuple]:
        """Return columns of a table's staged rows, rejected ones too, in order."""
        with stage(settings, as_of) as staged:
            return staged.ask(f"SELECT {columns} FROM staged_{table} ORDER BY ALL")


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    return Firm(tmp_path)
