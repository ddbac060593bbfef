"""A chapter of the engine's benchmarks from end to end, on little data, with contenders that need nothing more."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from engine import chapters
from engine.cases import Case, Cases
from engine.chapters import CONTENDERS, Scale, contend, contenders
from engine.report import render
from engine.runner import Runner
from engine.sizes import Size

TINY = Scale(factor=0.002, patience=60)


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Cases:
    return Cases(Runner(tmp_path_factory.mktemp("bench"), limit=120, environment={"BENCH_RUNS": "1"}), warm=True)


def test_contenders_compute_the_same_and_a_planted_difference_is_found(
    cases: Cases, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tuple(each for each in CONTENDERS if each.module in ("sql", "pandas_windows"))
    monkeypatch.setattr(chapters, "CONTENDERS", here)
    contenders(cases, TINY)
    records = cases.runner.records
    for each in here:
        found = records[f"contender/{each.module}"]
        assert found["status"] == "ok", found
        assert (found["features"], found["differences"]) == (80, [])
        assert found["rows"] > 0
    tables = cases.runner.work / "tables"
    ours = pd.read_parquet(tables / "ours.parquet")
    ours.loc[0, "interactions_all"] += 1
    ours.to_parquet(tables / "ours.parquet")
    found = contend(cases, TINY, here[1], tables)
    assert [each.split(":")[0] for each in found["differences"]] == ["interactions_all"]
    assert "NO: interactions_all: 1 of" in render(cases.runner.records, TINY)


def test_a_measurement_that_fails_or_lasts_too_long_is_a_record(tmp_path: Path) -> None:
    runner = Runner(tmp_path)
    failed = runner.measure("limit", "limit", {"file": str(tmp_path / "absent.parquet"), "workers": 1})
    assert failed["status"] == "failed"
    assert str(tmp_path) not in failed["error"]
    assert "No files found" in failed["error"]
    job = {"data": str(tmp_path / "data"), "events": 10**9, "accounts": 10}
    assert runner.measure("data", "interactions", job, limit=1.5)["status"] == "late"
    assert {name: each["status"] for name, each in runner.records.items()} == {"limit": "failed", "data": "late"}


def test_without_a_snapshot_features_are_recorded_as_failed(tmp_path: Path) -> None:
    cases = Cases(Runner(tmp_path), warm=True)
    case = Case(Size(1000, 10))
    cases.taken[case] = {"status": "failed", "error": "no room"}
    assert cases.features(case, 1)["status"] == "failed"
