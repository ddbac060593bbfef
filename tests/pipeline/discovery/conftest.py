"""Small tables as files, and what init makes of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from textwrap import dedent

import duckdb
import pytest

from pipeline.discovery import Discovery, Question, config_text, discover, look_at
from pipeline.discovery.proposal import Entry
from pipeline.settings import Settings, read_settings
from pipeline.validate import validate
from pipeline.validate.findings import Finding

TODAY = date(2025, 1, 10)


class Tables:
    """A folder with tables in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def csv(self, name: str, text: str) -> Path:
        lines = [line.strip() for line in dedent(text).strip().splitlines()]
        file = self.folder / f"{name}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return file

    def parquet(self, name: str, query: str) -> Path:
        file = self.folder / f"{name}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as con:
            con.execute(f"COPY ({query}) TO '{file}' (FORMAT parquet)")
        return file

    def discovered(self, *paths: Path, today: date = TODAY, ask: Callable[[Question], str] | None = None) -> Discovery:
        """What init makes of the whole folder, or of some paths in it."""
        profiles, con = look_at(paths or (self.folder,), self.folder)
        with con:
            return discover(con, profiles, ask, today)

    def entry(self, table: str, *paths: Path, **more: object) -> Entry:
        """The first entry for a contract table."""
        found = self.discovered(*paths, **more)  # type: ignore[arg-type]
        return next(entry for entry in found.entries if entry.table == table)

    def config(self, found: Discovery, today: date = TODAY) -> Settings:
        """The settings that the written config gives."""
        file = self.folder / "made.toml"
        file.write_text(config_text(found, "made", today), encoding="utf-8")
        return read_settings(file)

    def errors(self, settings: Settings, as_of: date = TODAY) -> list[Finding]:
        return list(validate(settings, settings.run.as_of or as_of).errors)


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    return Tables(tmp_path)


def shown(entry: Entry) -> dict[str, str]:
    """Contract column -> what it comes from."""
    return {name: value.text for name, value in entry.columns.items()}


@pytest.fixture(name="shown")
def shown_fixture() -> Callable[[Entry], dict[str, str]]:
    return shown
