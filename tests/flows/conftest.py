"""A small subscription firm with a config of its own, run once per session, and the command as a user calls it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.synthetic import make_company

Keepgrow = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def prefect_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One Prefect server for all commands of the session, as a team would have."""
    from flows.embedded_server import EmbeddedServer

    home = tmp_path_factory.mktemp("prefect")
    before = dict(os.environ)
    os.environ.update(PREFECT_HOME=str(home))
    server = EmbeddedServer(home / "server.log")
    try:
        yield server.ready()
    finally:
        server.stop()
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope="session")
def keepgrow(prefect_url: str, root: Path) -> Keepgrow:
    """Run `keepgrow ARGS` in a process of its own; `env` adds variables."""

    def call(*arguments: str | Path, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "flows.cli", *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, "PREFECT_API_URL": prefect_url, "PYTHONPATH": str(root), "COLUMNS": "120", **env},
            capture_output=True,
            text=True,
            timeout=900,  # for one that hangs: on a busy machine a first run has taken 300
            check=False,
        )

    return call


@dataclass(frozen=True)
class Firm:
    """A folder with a company, its config, and what `keepgrow run` said on its first morning."""

    folder: Path
    config: Path
    first: subprocess.CompletedProcess[str]
    json: Path

    @property
    def state(self) -> Path:
        return self.folder / "state"


CONFIG = """
name = "small"
state = "state"

[run]
as_of = 2026-01-01

[training]
first_as_of = 2025-01-30
every_days = 28
max_dates = 8
min_positives = 20

[evaluate]
folds = [2025-08-07]
bootstrap = 200

[lists]
capacity = 5

[[tables.accounts]]
source = "company/accounts.parquet"

[[tables.interactions]]
source = "company/interactions.parquet"

[[tables.invoices]]
source = "company/invoices.parquet"

[[tables.subscriptions]]
source = "company/subscriptions.parquet"

[[tables.exclusions]]
source = "company/exclusions.parquet"

[[tables.account_links]]
source = "company/account_links.parquet"

[[tables.rates]]
source = "company/rates.parquet"

[targets.churn]
kind = "churn"
horizon = 90

[targets.upsell]
kind = "upsell"
horizon = 90
min_growth = 0.1

[plays.churn]
name = "Call"
effect = 0.3

[[sinks]]
kind = "csv"
folder = "lists"

[[sinks]]
kind = "parquet"
folder = "lists"
"""


def make_firm(folder: Path, accounts: int = 500) -> Path:
    """Make a company and its config in `folder`; return the config."""
    (folder / "company").mkdir(parents=True)
    make_company(folder / "company", accounts, 2)
    exclusions = pd.read_parquet(folder / "company/exclusions.parquet")
    barred = pd.DataFrame({"account_id": ["A000003", "A000196"], "reason": ["do not contact", None]})
    pd.concat([exclusions, barred], ignore_index=True).to_parquet(folder / "company/exclusions.parquet", index=False)
    config = folder / "small.toml"
    config.write_text(CONFIG, encoding="utf-8")
    return config


@pytest.fixture
def new_firm(tmp_path: Path) -> Path:
    """The config of a firm of its own for one test, on which nothing has run yet."""
    return make_firm(tmp_path / "firm", 300)


@pytest.fixture(scope="session")
def firm(tmp_path_factory: pytest.TempPathFactory, keepgrow: Keepgrow, migrated: Path) -> Firm:
    """A firm whose first lists are published, by a command of its own process. Tests that change anything put it back.

    It is made once per worker.
    """
    folder = tmp_path_factory.mktemp("firm")
    config = make_firm(folder / "small")
    lay_schema(migrated, config.parent)
    first = keepgrow("run", "--config", config, "--json", folder / "first.json")
    return Firm(config.parent, config, first, folder / "first.json")


def lay_schema(migrated: Path, folder: Path) -> None:
    """Put MLflow's empty database into the state of a config in `folder`, before a process of its own would make it."""
    (folder / "state/mlflow").mkdir(parents=True)
    shutil.copy(migrated, folder / "state/mlflow/mlflow.db")


@pytest.fixture(scope="session")
def quick_schema(migrated: Path) -> Iterator[None]:
    """Copy MLflow's schema where this process would make it anew, which takes seconds each time."""
    from mlflow.store.db import utils

    def copied(engine: Any) -> None:
        with closing(sqlite3.connect(migrated)) as made, closing(engine.raw_connection()) as empty:
            made.backup(empty.driver_connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utils, "_initialize_tables", copied)
        yield


@dataclass(frozen=True)
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def inside(prefect_url: str, quick_schema: None, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run `keepgrow ARGS` inside this process: quicker than in one of its own, the same otherwise."""

    def call(*arguments: str | Path) -> Said:
        from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

        from flows.cli import app

        capsys.readouterr()
        before = dict(os.environ)
        os.environ["PREFECT_API_URL"] = prefect_url
        try:
            with temporary_settings({PREFECT_API_URL: prefect_url, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
                app([str(argument) for argument in arguments])
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
        finally:
            os.environ.clear()
            os.environ.update(before)
        printed = capsys.readouterr()
        return Said(code, printed.out, printed.err)

    return call


TINY = """
name = "tiny"
state = "state"

[run]
as_of = 2025-06-01

[training]
every_days = 28
min_positives = 20
small_accounts = 0

[evaluate]
folds = [2025-02-01]
bootstrap = 100

[[tables.invoices]]
source = "invoices.csv"

[targets.churn]
kind = "churn"
by = "inactivity"
horizon = 60
active_days = 90

[[sinks]]
kind = "csv"
folder = "lists"
"""


@dataclass(frozen=True)
class Tiny:
    """A firm with nothing but a CSV file of invoices."""

    config: Path

    @property
    def invoices(self) -> Path:
        return self.config.parent / "invoices.csv"

    def edit(self, old: str, new: str) -> None:
        """Replace a piece of the config."""
        text = self.config.read_text(encoding="utf-8")
        if old not in text:
            raise ValueError(f"{old!r} is not in the config")
        self.config.write_text(text.replace(old, new), encoding="utf-8")

    def lines(self) -> list[str]:
        return self.invoices.read_text(encoding="utf-8").splitlines()

    def write(self, lines: list[str]) -> None:
        self.invoices.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_tiny(folder: Path) -> Tiny:
    """150 accounts that buy about once a month until, one after another, a third of them stop."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(3)
    start = date(2024, 1, 1)
    lines = ["account_id,issued_at,amount"]
    for account in range(150):
        stops = int(generator.integers(120, 520)) if account % 3 == 0 else 10_000
        day = int(generator.integers(0, 30))
        while day < min(517, stops):
            lines.append(f"A{account:03d},{start + timedelta(days=day)} 10:00:00,{generator.integers(10, 500)}.50")
            day += int(generator.integers(10, 50))
    (folder / "tiny.toml").write_text(TINY, encoding="utf-8")
    tiny = Tiny(folder / "tiny.toml")
    tiny.write(lines)
    return tiny


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    return write_tiny(tmp_path / "tiny")


@pytest.fixture(scope="session")
def make_tiny() -> Callable[[Path], Tiny]:
    """Make such a firm elsewhere."""
    return write_tiny
