"""What the demo prints at its end: commands that can be typed as they stand."""

from __future__ import annotations

import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flows import demo


def test_commands_quote_folders_and_account_ids(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(demo.shutil, "which", lambda command: None)
    monkeypatch.setattr(demo.sys, "executable", "/my tools/python")
    running: Any = SimpleNamespace(settings=SimpleNamespace(state_folder=Path("/my firm/state")))
    result = {"report": None, "published": [{"top": [{"account_id": "Bo's A 1"}]}]}
    said = dict(demo._next_steps(running, result, Path("my firm")))
    assert shlex.split(said["one account: why, what changed"]) == [
        "/my tools/keepgrow", "explain", "Bo's A 1", "--config", "my firm/demo.toml",
    ]  # fmt: skip
    assert shlex.split(said["the trainings"]) == [
        "/my tools/mlflow", "ui", "--backend-store-uri", "sqlite:////my firm/state/mlflow/mlflow.db",
    ]  # fmt: skip
