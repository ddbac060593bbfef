"""Housekeeping: what goes, and what must stay."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.housekeeping import LOGS, STILL_SECONDS, tidy

NOW = datetime(2026, 1, 1, 6, tzinfo=UTC)


def put(path: Path, age: float) -> Path:
    """Write a file that was last changed `age` seconds ago, as were the folders around it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    for each in (path, path.parent):
        os.utime(each, (NOW.timestamp() - age,) * 2)
    return path


def left(state: Path) -> set[str]:
    return {str(path.relative_to(state)) for path in state.rglob("*") if path.is_file()}


LEFTOVERS = [
    "stage-abc/stage.duckdb",
    "scoring-abc/churn/scores/bucket=00000.parquet",
    "store.db.run.4711",
    "snapshots/writing-abc/ids.parquet",
    "snapshots/old-abc/1234/ids.parquet",
    "snapshots/1234/snapshot.json.4711.writing",
    "snapshots/1234/bucket=00000/bucket.json.4711.writing",
    "snapshots/1234/bucket=00000/invoices/2024-05-abc.parquet.4711.writing",
    "features/buckets=1/as_of=2025-01-01/bucket=00000.4711-1.tmp",
    "features/buckets=1/old-as_of=2025-01-01/bucket=00000.parquet",
    "models/churn/1234.partial/manifest.json",
    "models-dry-run/churn.partial/manifest.json",
    "scored/churn/.2025-01-01.4711/rows.parquet",
    "scored/churn/old-2025-01-01/rows.parquet",
]


@pytest.mark.parametrize("name", LEFTOVERS)
def test_leftovers_go_once_they_are_still(tmp_path, name):
    file = put(tmp_path / name, STILL_SECONDS - 1)
    assert tidy(tmp_path, NOW) == []
    for path in (file, *file.parents):
        if path.is_relative_to(tmp_path) and path != tmp_path:
            os.utime(path, (NOW.timestamp() - STILL_SECONDS - 1,) * 2)
    (gone,) = tidy(tmp_path, NOW)
    assert file.is_relative_to(gone)
    assert left(tmp_path) == set()


def test_a_leftover_in_which_a_file_still_grows_stays(tmp_path):
    put(tmp_path / "stage-abc/spill", 10)
    put(tmp_path / "stage-abc/stage.duckdb", 10 * STILL_SECONDS)
    assert tidy(tmp_path, NOW) == []


def test_the_newest_snapshots_and_dry_runs_stay(tmp_path):
    homes = {"snapshots": "snapshot.json", "models-dry-run": "manifest.json"}
    for home, file in homes.items():
        for age in range(5):
            put(tmp_path / home / f"{age}" / file, 1000 * age)
    gone = tidy(tmp_path, NOW)
    assert gone == [tmp_path / home / str(age) for home in sorted(homes) for age in (3, 4)]
    assert left(tmp_path) == {f"{home}/{age}/{file}" for home, file in homes.items() for age in range(3)}
    assert tidy(tmp_path, NOW) == []
    tidy(tmp_path, NOW, keep=1)
    assert left(tmp_path) == {f"{home}/0/{file}" for home, file in homes.items()}


def test_features_stay_for_days_after_they_were_last_used(tmp_path):
    for age in range(6, 10):
        put(tmp_path / "features" / "buckets=7" / f"as_of=2025-01-0{age}" / "bucket=00000.parquet", 86_400 * age - 10)
    gone = tidy(tmp_path, NOW)
    assert gone == [tmp_path / "features/buckets=7" / f"as_of=2025-01-0{age}" for age in (8, 9)]
    assert left(tmp_path) == {f"features/buckets=7/as_of=2025-01-0{age}/bucket=00000.parquet" for age in (6, 7)}
    assert tidy(tmp_path, NOW) == []


def test_a_number_of_buckets_that_nobody_uses_any_more_goes(tmp_path):
    put(tmp_path / "features/buckets=7/as_of=2025-01-01/bucket=00000.parquet", 8 * 86_400)
    put(tmp_path / "features/buckets=9/as_of=2025-01-01/bucket=00000.parquet", 10)
    tidy(tmp_path, NOW)
    assert [path.name for path in (tmp_path / "features").iterdir()] == ["buckets=9"]


def test_features_as_earlier_versions_kept_them_go(tmp_path):
    put(tmp_path / "features/1234-5678/as_of=2025-01-01/bucket=00000.parquet", 10)
    assert tidy(tmp_path, NOW) == [tmp_path / "features/1234-5678"]


def test_scored_lists_are_kept_per_target_and_that_of_the_latest_as_of_always(tmp_path):
    for target in ("churn", "upsell"):
        for day, age in (("2025-03-01", 9000), ("2025-01-01", 100), ("2025-01-02", 200), ("2025-01-03", 300)):
            put(tmp_path / "scored" / target / day / "draft.json", age)
    assert tidy(tmp_path, NOW) == []
    gone = tidy(tmp_path, NOW, keep=2)
    assert gone == [tmp_path / "scored" / target / "2025-01-03" for target in ("churn", "upsell")]


def test_old_logs_go(tmp_path):
    names = [f"20250101T{n:06}-1-run.log" for n in range(LOGS + 2)]
    for name in names:
        put(tmp_path / "logs" / name, 0)
    assert tidy(tmp_path, NOW) == [tmp_path / "logs" / name for name in names[:2]]


def test_the_rest_is_never_touched(tmp_path):
    kept = {
        "store.db",
        "store.db.run.lock",
        "store.db.run.json",
        "mlflow/mlflow.db",
        "mlflow/artifacts/1/stage-abc/x.tmp",
        "prefect/prefect.db",
        "prefect/storage/old-abc",
        *(f"models/churn/{n}/manifest.json" for n in range(9)),
        "logs/notes.txt",
    }
    for name in kept:
        put(tmp_path / name, 10**7)
    assert tidy(tmp_path, NOW, keep=1) == []
    assert left(tmp_path) == kept


def test_links_are_not_followed(tmp_path):
    outside = put(tmp_path / "elsewhere" / "ids.parquet", 10**7)
    (tmp_path / "state" / "snapshots").mkdir(parents=True)
    (tmp_path / "state" / "snapshots" / "1234").symlink_to(outside.parent)
    put(tmp_path / "state" / "snapshots" / "5678" / "snapshot.json", 0)
    assert tidy(tmp_path / "state", NOW, keep=1) == []
    assert outside.exists()


def test_an_empty_or_missing_state_folder_is_tidy(tmp_path):
    assert tidy(tmp_path, NOW) == []
    assert tidy(tmp_path / "missing", NOW) == []


def test_at_least_one_is_kept(tmp_path):
    with pytest.raises(ValueError, match="at least 1; found 0"):
        tidy(tmp_path, NOW, keep=0)


def test_what_cannot_be_removed_stays_and_stops_nobody(tmp_path, monkeypatch):
    put(tmp_path / "stage-abc/stage.duckdb", 10**7)
    put(tmp_path / "snapshots/1/snapshot.json", 0)
    put(tmp_path / "snapshots/2/snapshot.json", 10)

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("shutil.rmtree", refuse)
    monkeypatch.setattr(Path, "rename", refuse)
    assert tidy(tmp_path, NOW, keep=1) == []
    assert left(tmp_path) == {"stage-abc/stage.duckdb", "snapshots/1/snapshot.json", "snapshots/2/snapshot.json"}
