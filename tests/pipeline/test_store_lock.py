"""The run lock: a second run stops at once or waits, and a killed one holds nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.errors import BusyError, StoreError
from pipeline.store import RunLock

AT = datetime(2026, 1, 31, 5, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[2]

HOLD = """
import sys, time
from datetime import UTC, datetime
from pipeline.store.lock import RunLock
with RunLock(sys.argv[1], datetime(2026, 1, 31, 5, 0, tzinfo=UTC)):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_is_told_at_once_who_holds_the_store(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    with RunLock(url, AT), pytest.raises(BusyError) as caught, RunLock(url, AT):
        pass
    message = str(caught.value)
    assert f"process {os.getpid()}, since 2026-01-31T05:00:00+00:00" in message
    assert "set [run] wait_seconds" in message


def test_a_second_run_may_wait(tmp_path: Path) -> None:
    first = RunLock(tmp_path, AT)
    first.__enter__()
    # Released by the thread that took it, as a run would.
    released = threading.Event()

    def second() -> None:
        with RunLock(tmp_path, AT, wait_seconds=30):
            released.set()

    waiting = threading.Thread(target=second)
    waiting.start()
    time.sleep(0.2)
    assert not released.is_set()
    first.__exit__()
    waiting.join(30)
    assert released.is_set()


def test_waiting_ends_with_the_same_error(tmp_path: Path) -> None:
    with RunLock(tmp_path, AT), pytest.raises(BusyError, match=r"after waiting 0\.2 s"), RunLock(tmp_path, AT, 0.2):
        pass


def test_the_lock_is_free_afterwards_also_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a run failed"), RunLock(tmp_path, AT):
        raise ValueError("a run failed")
    with RunLock(tmp_path, AT):
        assert (tmp_path / "run.json").exists()
    assert not (tmp_path / "run.json").exists()


def test_a_killed_run_holds_nothing(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "held\n"
        with pytest.raises(BusyError, match=f"process {run.pid}"), RunLock(tmp_path, AT):
            pass
        run.kill()
        run.wait()
    with RunLock(tmp_path, AT):
        pass


def test_a_holder_that_has_not_yet_signed_is_still_an_error_in_words(tmp_path: Path) -> None:
    with RunLock(tmp_path, AT):
        (tmp_path / "run.json").write_text("{")
        with pytest.raises(BusyError, match="it has only just begun"), RunLock(tmp_path, AT):
            pass


def test_stores_do_not_wait_for_one_another(tmp_path: Path) -> None:
    with RunLock(f"sqlite:///{tmp_path}/a.db", AT), RunLock(f"sqlite:///{tmp_path}/b.db", AT):
        pass


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be made: Not a directory"), RunLock(tmp_path / "file" / "in", AT):
        pass


def test_a_store_that_is_no_file_needs_a_folder() -> None:
    with pytest.raises(StoreError, match="give the state folder"):
        RunLock("postgresql://host/db", AT)
