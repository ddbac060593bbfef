"""What is said when Spark cannot be used: one message that names what is missing, before anything is read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import EngineError
from pipeline.settings import Settings, parse
from pipeline.spark.faults import first_line, in_our_words
from pipeline.spark.session import check_java, check_reachable


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
