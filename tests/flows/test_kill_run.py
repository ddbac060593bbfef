"""kill -9 at each named point of publishing through `keepgrow run`: readers see the old or the new list, never half.

tests/pipeline/test_store_kill.py does the same twenty times each on the store alone, with the control that a naive
overwrite fails.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from openpyxl import load_workbook

from pipeline.exports import canonical_csv
from pipeline.store import POINTS, Store
from pipeline.store.drill import VARIABLE

SINKS = """kind = "csv"
folder = "lists"

[[sinks]]
kind = "excel"
folder = "lists"

[[sinks]]
kind = "duckdb"
file = "lists.duckdb"
"""


@pytest.fixture(scope="module")
def keepgrow(prefect_url: str, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., int]]:
    """Run `keepgrow ARGS` in a process of its own, forked from one that is warm; return how it ended."""
    said = tmp_path_factory.mktemp("said") / "errors.txt"
    surroundings = os.environ | {"PREFECT_API_URL": prefect_url, "PYTHONPATH": str(root)}
    with ExitStack() as stack:
        errors = stack.enter_context(said.open("w"))
        warm = stack.enter_context(
            subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("killed_runs.py"))],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=surroundings, text=True,
            )
        )  # fmt: skip

        def call(*arguments: str | Path, **variables: str) -> int:
            assert warm.stdin is not None
            assert warm.stdout is not None
            print(json.dumps([[str(argument) for argument in arguments], variables]), file=warm.stdin, flush=True)
            answer = warm.stdout.readline()
            assert answer, said.read_text()
            return int(answer)

        yield call


@pytest.fixture(scope="module")
def drilled(
    tmp_path_factory: pytest.TempPathFactory,
    keepgrow: Callable[..., int],
    make_tiny: Callable[..., Any],
    migrated: Path,
) -> dict[str, Any]:
    """What a reader finds after a run was killed at each point, one morning's correction after another."""
    tiny = make_tiny(tmp_path_factory.mktemp("drill"))
    tiny.edit('kind = "csv"\nfolder = "lists"', SINKS)
    (tiny.config.parent / "state/mlflow").mkdir(parents=True)
    shutil.copy(migrated, tiny.config.parent / "state/mlflow/mlflow.db")
    store_url = f"sqlite:///{tiny.config.parent / 'state/store.db'}"
    assert keepgrow("run", "--config", tiny.config) == 0
    found: dict[str, Any] = {}
    for number, point in enumerate(POINTS):
        with Store(store_url) as store:
            before = store.published("churn").run_id
        tiny.write([*tiny.lines(), f"A{number:03d},2025-05-20 09:00:00,{100 + number}.00"])
        code = keepgrow("run", "--config", tiny.config, **{VARIABLE: point})
        with Store(store_url) as store:
            run = store.published("churn")
            rows, made = store.rows(run.run_id), len(store.runs("churn"))
        csv = (tiny.config.parent / "lists/churn.csv").read_bytes()
        found[point] = {"code": code, "before": before, "run": run, "rows": rows, "csv": csv, "made": made}
        found[point]["elsewhere"] = elsewhere(tiny.config.parent)
    assert keepgrow("run", "--config", tiny.config) == 0
    with Store(store_url) as store:
        run = store.published("churn")
        found["rerun"] = {"run": run, "rows": store.rows(run.run_id), "runs": store.runs("churn")}
    found["rerun"]["elsewhere"] = elsewhere(tiny.config.parent)
    found["rerun"]["csv"] = (tiny.config.parent / "lists/churn.csv").read_bytes()
    return found


def elsewhere(folder):
    """The run and the accounts to call that the workbook and the DuckDB file show."""
    book = load_workbook(folder / "lists/keepgrow.xlsx")
    guide = {row[0]: row[1] for row in book["How to read this"].iter_rows(values_only=True)}
    headings, *rows = book["churn"].iter_rows(min_row=4, values_only=True)
    with duckdb.connect(str(folder / "lists.duckdb"), read_only=True) as database:
        ((run,),) = database.execute("SELECT DISTINCT run_id FROM lists").fetchall()
        called = database.execute("SELECT account_id FROM lists WHERE section = 'call' ORDER BY rank").fetchall()
    ids = headings.index("Account id")
    return {"excel": (guide["Run"], [row[ids] for row in rows]), "duckdb": (run, [account for (account,) in called])}


@pytest.mark.parametrize("point", POINTS)
def test_killed_run_leaves_the_old_or_the_new_list_whole(drilled, point):
    after = drilled[point]
    assert after["code"] == -signal.SIGKILL
    committed = POINTS.index(point) >= POINTS.index("committed")
    assert (after["run"].run_id != after["before"]) == committed
    called = after["rows"][after["rows"]["section"] == "call"]
    assert len(called) == after["run"].counts["listed"]
    assert called["rank"].tolist() == list(range(1, len(called) + 1))


@pytest.mark.parametrize("point", POINTS)
def test_killed_run_leaves_a_whole_export(drilled, point):
    lines = drilled[point]["csv"].decode("utf-8-sig").splitlines()
    ranks = pd.to_numeric(pd.Series([line.split(",")[0] for line in lines[1:]])).dropna()
    assert ranks.tolist() == list(range(1, len(ranks) + 1))
    assert all(line.split(",")[0] in ("rank", "") or line.count(",") >= 21 for line in lines)


@pytest.mark.parametrize("point", POINTS)
def test_killed_run_leaves_a_whole_workbook_and_whole_tables(drilled, point):
    lists = {run.run_id: run.counts["listed"] for run in drilled["rerun"]["runs"]}
    for run, called in drilled[point]["elsewhere"].values():
        assert len(called) == lists[run]
        assert len(set(called)) == len(called)


def test_next_run_completes_what_was_cut_off(drilled):
    after = drilled["rerun"]
    called = after["rows"].loc[after["rows"]["section"] == "call", "account_id"].tolist()
    assert set(after["elsewhere"]) == {"excel", "duckdb"}
    for shown in after["elsewhere"].values():
        assert shown == (after["run"].run_id, called)
    assert after["csv"] == b"\xef\xbb\xbf" + canonical_csv(after["run"], after["rows"])
    # Every run killed before its commit left nothing behind; the others are kept.
    assert len(after["runs"]) == 1 + sum(drilled[p]["run"].run_id != drilled[p]["before"] for p in POINTS)
