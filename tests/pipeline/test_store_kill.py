"""Killed by force at any point of publishing, readers see the old list or the new one, and a rerun completes it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import StoreError
from pipeline.store import POINTS
from pipeline.store.drill import VARIABLE, reached

ROOT = Path(__file__).parents[2]
TIMES = 20


@pytest.fixture(scope="module")
def drilled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("drill")
    script = ROOT / "tests" / "pipeline" / "kill" / "drill.py"
    done = subprocess.run(
        [sys.executable, str(script), str(folder), str(TIMES)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_point_the_list_is_whole_and_a_rerun_completes_it(drilled: dict[str, Any], point: str) -> None:
    committed = POINTS.index(point) >= POINTS.index("committed")
    assert drilled["points"][point] == {
        "killed": 20,
        "list new" if committed else "list old": 20,
        "file new" if point == "export_renamed" else "file old": 20,
        "rerun finds it written" if committed else "rerun writes": 20,
        "completed by the rerun": 20,
        "feedback intact": 20,
    }


@pytest.mark.parametrize("point", ["begun", "flipped", "committed", "export_begun", "export_written", "export_renamed"])
def test_a_rollback_killed_at_a_point_leaves_either_list_whole_and_a_rerun_completes_it(
    drilled: dict[str, Any], point: str
) -> None:
    committed = point not in ("begun", "flipped")
    assert drilled["rollback"][point] == {
        "killed": 5,
        "list old" if committed else "list new": 5,
        "file old" if point == "export_renamed" else "file new": 5,
        "completed by the rerun": 5,
    }


def test_killed_at_any_moment_the_list_is_whole_and_a_rerun_completes_it(drilled: dict[str, Any]) -> None:
    tally = drilled["any moment"]
    assert tally.get("list old", 0) + tally.get("list new", 0) == 40
    assert tally.get("file old", 0) + tally.get("file new", 0) == 40
    assert tally["completed by the rerun"] == 40
    assert tally["feedback intact"] == 40


def test_readers_at_the_same_time_see_whole_lists(drilled: dict[str, Any]) -> None:
    # Each of 220 children is read at least once while at work; how often after its commit is a matter of luck.
    assert set(drilled["meanwhile"]) <= {"list old", "list new"}
    assert drilled["meanwhile"]["list old"] >= 140


def test_the_drill_shows_half_a_list_where_it_is_overwritten_in_place(drilled: dict[str, Any]) -> None:
    assert drilled["naive"] == {"killed": 20, "list half": 20}


def test_the_drill_imports_the_store_only(drilled: dict[str, Any]) -> None:
    assert drilled["imported"] == []


def test_a_mistyped_point_is_an_error_and_not_a_passed_drill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "rows_writen")
    with pytest.raises(StoreError, match="'rows_writen'; did you mean 'rows_written'"):
        reached("begun")


def test_without_the_variable_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    for point in POINTS:
        reached(point)
    monkeypatch.setenv(VARIABLE, "committed")
    reached("begun")
