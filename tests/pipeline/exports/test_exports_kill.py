"""Killed by force while it exports, keepgrow leaves every workbook and table whole, and a rerun completes them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

TIMES = 2


@pytest.fixture(scope="module", params=["excel", "duckdb"])
def drilled(request, tmp_path_factory, root) -> tuple[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("drill")
    (folder / "base").mkdir()
    script = root / "tests" / "pipeline" / "kill" / "exports_drill.py"
    done = subprocess.run(
        [sys.executable, str(script), str(folder), request.param, str(TIMES)],
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return request.param, json.loads(done.stdout)


@pytest.mark.parametrize("point", ["export_begun", "export_written", "export_renamed"])
def test_killed_at_a_point(drilled, point):
    kind, tallies = drilled
    # At `export_renamed` the first of four workbooks has its name, and the transaction is over.
    left = "old" if point != "export_renamed" else {"excel": "new and old", "duckdb": "new"}[kind]
    assert tallies["points"][point] == {"killed": TIMES, left: TIMES, "completed": TIMES}


def test_killed_at_any_moment(drilled):
    _, tallies = drilled
    tally = tallies["any moment"]
    assert tally["completed"] == 2 * TIMES
    assert not [seen for seen in tally if "half" in seen]
