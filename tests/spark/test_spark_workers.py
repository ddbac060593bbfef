"""Bucket functions on a real cluster: order, errors, and a worker that is killed."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipeline.errors import ContractError, EngineError, StoreError
from pipeline.settings import Settings, parse
from pipeline.spark.session import spark_session
from pipeline.spark.workers import _Job, _Task, spark_workers
from pipeline.workers import workers_for
from tests.spark.executors import executors


def settings_in(folder: Path, engine: dict[str, Any]) -> Settings:
    data = {"name": "firm", "folder": folder, "tables": {"invoices": [{"source": "invoices.csv"}]}, "engine": engine}
    return parse(Settings, data, "firm.toml")


@dataclass(frozen=True)
class Times10:
    folder: Path
    seconds: float = 0.0

    def __call__(self, bucket: int) -> pa.Table:
        time.sleep(self.seconds)
        (self.folder / f"{bucket}-{os.getpid()}").touch()
        return pa.table({"bucket": [bucket], "value": [bucket * 10]})


@dataclass(frozen=True)
class Refuse:
    seven: str

    def __call__(self, bucket: int) -> pa.Table:
        if bucket == 7:
            raise ContractError(self.seven)
        return pa.table({"bucket": [bucket]})


@dataclass(frozen=True)
class Unwritable:
    def __call__(self, bucket: int) -> pa.Table:
        raise PermissionError(13, "Permission denied", f"/bucket={bucket}")


def test_results_come_in_the_order_of_the_buckets_from_processes_of_their_own(
    cluster: dict[str, Any], tmp_path: Path
) -> None:
    workers = workers_for(settings_in(tmp_path, cluster))
    (tmp_path / "seen").mkdir()
    found = [(bucket, table.to_pylist()) for bucket, table in workers.map(Times10(tmp_path / "seen"), [3, 0, 11, 5])]
    assert found == [(bucket, [{"bucket": bucket, "value": bucket * 10}]) for bucket in (3, 0, 11, 5)]
    assert workers.count == 2
    assert not any(name.name.endswith(f"-{os.getpid()}") for name in (tmp_path / "seen").iterdir())
    assert list((tmp_path / ".keepgrow" / "firm" / "spark").iterdir()) == []


def test_an_error_of_ours_comes_out_as_it_was_raised(cluster: dict[str, Any], tmp_path: Path) -> None:
    workers = spark_workers(settings_in(tmp_path, cluster))
    with pytest.raises(ContractError, match=r"^seven is not allowed$"):
        list(workers.map(Refuse("seven is not allowed"), [1, 7, 2]))


def test_a_task_that_fails_for_good_is_told_in_one_line(cluster: dict[str, Any], tmp_path: Path) -> None:
    workers = spark_workers(settings_in(tmp_path, cluster))
    with pytest.raises(EngineError) as told:
        list(workers.map(Unwritable(), [4]))
    assert "PermissionError: [Errno 13] Permission denied: '/bucket=4'" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_state_folder_that_no_worker_sees_is_told_in_one_sentence(cluster: dict[str, Any], tmp_path: Path) -> None:
    unseen = tmp_path / "unseen"
    job = _Job(spark_session(settings_in(tmp_path, cluster)), _Task(Times10(tmp_path), (4,), unseen))
    job.start()
    with pytest.raises(StoreError) as told:
        job.result(0)
    assert str(told.value) == (
        f"a worker does not see {unseen}: the state folder must lie where the driver and all workers see the same "
        "files, such as a mounted volume."
    )


def test_a_killed_executor_changes_nothing(cluster: dict[str, Any], tmp_path: Path) -> None:
    settings = settings_in(tmp_path, cluster)
    workers = spark_workers(settings)
    (tmp_path / "seen").mkdir()
    results = workers.map(Times10(tmp_path / "seen", seconds=0.3), range(16))
    first = next(results)
    victim = executors(spark_session(settings).sparkContext._gateway.proc.pid)[0]
    os.kill(victim, signal.SIGKILL)
    found = [first, *results]
    assert [(bucket, table["value"].to_pylist()) for bucket, table in found] == [(n, [n * 10]) for n in range(16)]
