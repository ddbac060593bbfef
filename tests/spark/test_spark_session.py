"""What is said when Spark cannot be used: one message that names what is missing, before anything is read."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from pipeline.errors import EngineError, StoreError
from pipeline.settings import Settings, parse
from pipeline.spark import session as sessions
from pipeline.spark.faults import first_line, in_our_words
from pipeline.spark.needs import check_classic, check_java, check_reachable
from pipeline.spark.session import spark_session


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    data = {"name": "firm", "folder": tmp_path, "tables": {"invoices": [{"source": "invoices.csv"}]}}
    return parse(Settings, data, "firm.toml")


def test_without_java_one_message_says_so_and_the_command_ends_with_2(tmp_path: Path, root: Path) -> None:
    (tmp_path / "invoices.csv").write_text("account_id,issued_at,amount\na,2025-01-01,10\n")
    config = tmp_path / "firm.toml"
    config.write_text(
        'name = "firm"\n[[tables.invoices]]\nsource = "invoices.csv"\n'
        '[engine]\nkind = "spark"\nmaster = "local[1]"\n[targets.churn]\nkind = "churn"\n'
    )
    ended = subprocess.run(
        [sys.executable, "-m", "flows.cli", "features", "--config", str(config)],
        env={**os.environ, "PYTHONPATH": str(root), "JAVA_HOME": str(tmp_path / "nowhere")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: firm.toml: Spark needs Java 17 or later; there is no `java` in JAVA_HOME, ")
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / ".keepgrow" / "firm" / "snapshots").exists()


def test_java_is_looked_for_on_the_path(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EngineError, match="there is no `java` on the PATH"):
        check_java(settings)


def test_a_master_that_does_not_answer_is_said_to_at_once(settings: Settings) -> None:
    with pytest.raises(EngineError, match=r"master spark://127\.0\.0\.1:9 does not answer \(127\.0\.0\.1:9: .*refused"):
        check_reachable(settings, "spark://127.0.0.1:9")
    with pytest.raises(EngineError, match="spark://nowhere does not answer"):
        check_reachable(settings, "spark://nowhere")


def test_other_masters_are_for_spark_to_find(settings: Settings) -> None:
    for master in ("yarn", "local[2]", "k8s://https://cluster:6443"):
        check_reachable(settings, master)


class SessionOfOthers:
    """What is asked of a session; its cluster gives an executor at once, or not until it is interrupted."""

    def __init__(self, *, executors: bool) -> None:
        self.conf, self.executors = self, executors
        self.given: dict[str, str] = {}
        self.stopped = False
        self._interrupted = threading.Event()

    def isModifiable(self, key: str) -> bool:
        return key.startswith("spark.sql.")

    def set(self, key: str, value: str) -> None:
        self.given[key] = value

    def addTag(self, tag: str) -> None:
        pass

    removeTag = addTag

    def interruptTag(self, tag: str) -> None:
        self._interrupted.set()

    def range(self, end: int) -> SessionOfOthers:
        return self

    def count(self) -> int:
        if not self.executors:
            assert self._interrupted.wait(20)
            raise RuntimeError("Job 0 cancelled part of cancelled job tags keepgrow-ready")
        return 1

    def stop(self) -> None:
        self.stopped = True


def active(monkeypatch: pytest.MonkeyPatch, session: Any) -> None:
    monkeypatch.setattr(sessions, "_running", [])
    monkeypatch.setattr(SparkSession, "getActiveSession", lambda: session)


def test_a_session_that_is_active_is_set_like_one_started_here(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = SessionOfOthers(executors=True)
    active(monkeypatch, others)
    options = {"spark.sql.shuffle.partitions": "7", "spark.executor.memory": "4g"}
    engine = settings.engine.model_copy(update={"options": options})
    assert spark_session(settings.model_copy(update={"engine": engine})) is others
    assert others.given == {
        "spark.sql.shuffle.partitions": "7",
        "spark.sql.execution.arrow.maxBytesPerBatch": "67108864",
    }


def test_a_cluster_that_gives_no_executor_is_said_to_in_time_and_a_session_of_others_goes_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = SessionOfOthers(executors=False)
    active(monkeypatch, others)
    monkeypatch.setattr(sessions, "READY_SECONDS", 0.05)
    with pytest.raises(EngineError, match=r"master of the platform gave no executor within 0\.05 s\. Check that its "):
        spark_session(settings)
    assert not others.stopped


def test_spark_connect_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_REMOTE", "sc://cluster:15002/;token=secret")
    with pytest.raises(EngineError, match="needs a classic session") as told:
        spark_session(settings)
    assert "secret" not in str(told.value)
    monkeypatch.delenv("SPARK_REMOTE")
    for engine in ({"master": "sc://cluster:15002"}, {"options": {"spark.remote": "sc://cluster:15002"}}):
        with pytest.raises(EngineError, match="needs a classic session"):
            check_classic(settings.model_copy(update={"engine": settings.engine.model_copy(update=engine)}))
    monkeypatch.setenv("SPARK_CONNECT_MODE_ENABLED", "1")
    with pytest.raises(EngineError, match="needs a classic session"):
        check_classic(settings)


def test_an_active_session_of_spark_connect_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    active(monkeypatch, type("SparkSession", (), {"__module__": "pyspark.sql.connect.session"})())
    with pytest.raises(EngineError, match="needs a classic session"):
        spark_session(settings)


JAVA = """An error occurred while calling o51.collectToPython.
: org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 failed 4 times. Driver stacktrace:
\tat org.apache.spark.scheduler.DAGScheduler.abortStage(DAGScheduler.scala:2844)
"""

PYTHON = """
  An exception was thrown from the Python worker. Please see the stack trace below.
Traceback (most recent call last):
  File "/env/pipeline/spark/workers.py", line 80, in __call__
    self._do(position)
OSError: [Errno 28] No space left on device
"""


def test_a_java_stack_becomes_its_first_line() -> None:
    assert first_line(RuntimeError(JAVA)).startswith(
        "org.apache.spark.SparkException: Job aborted due to stage failure"
    )
    assert "\n" not in str(in_our_words(RuntimeError(JAVA)))


def test_the_python_error_of_a_task_is_what_is_told() -> None:
    assert str(in_our_words(RuntimeError(JAVA + PYTHON))) == (
        "Spark gave up on a task that failed again and again: OSError: [Errno 28] No space left on device. "
        "The log has its traceback."
    )


def test_an_error_of_ours_that_made_spark_give_up_is_told_as_it_was_raised() -> None:
    ours = PYTHON.replace(
        "OSError: [Errno 28] No", "pipeline.errors.StoreError: a worker does not see /state/spark: no"
    )
    told = in_our_words(RuntimeError(JAVA + ours))
    assert type(told) is StoreError
    assert str(told) == "a worker does not see /state/spark: no space left on device"
