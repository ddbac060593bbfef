"""The demo: a synthetic company in a folder of its own, with a config that a user may go on editing."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from importlib import resources
from pathlib import Path
from typing import Any

from flows.command import ERR, OUT, Command
from flows.reading import check_sinks, show_published
from pipeline.errors import StoreError

TOP = 5


def prepare(folder: Path, accounts: int, years: int) -> Path:
    """Put the config into `folder`, unless there is one; return its path.

    Raises StoreError when the folder cannot be written, or holds another company.
    """
    config = folder / "demo.toml"
    try:
        found = _made(folder)
        if found not in (None, {"accounts": accounts, "years": years}):
            raise StoreError(
                f"{folder} holds a company of {found['accounts']:,} accounts and {found['years']} years; "
                "delete it, or choose another with --folder."
            )
        (folder / "company").mkdir(parents=True, exist_ok=True)
        if not config.exists():
            shipped = resources.files("configs") / "demo.toml"
            config.write_text(shipped.read_text(encoding="utf-8"), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"the demo cannot be written to {folder}: {error.strerror or error}") from None
    return config


def make(folder: Path, accounts: int, years: int) -> None:
    """Make the company in `folder`, unless it is there; raise StoreError when it cannot be written."""
    from pipeline.synthetic import make_company

    try:
        if _made(folder) is not None:
            return
        ERR.print(f"making a company of {accounts:,} accounts over {years} years in {folder}/company")
        make_company(folder / "company", accounts, years)
        marker = folder / MARKER
        fresh = marker.with_suffix(".tmp")
        fresh.write_text(json.dumps({"accounts": accounts, "years": years}), encoding="utf-8")
        fresh.replace(marker)  # last and whole: what it marks is complete
    except OSError as error:
        raise StoreError(f"the company cannot be written to {folder}: {error.strerror or error}") from None


MARKER = Path("company") / "made.json"


def _made(folder: Path) -> Any:
    """Return what the company in `folder` was made from, None when it is not there."""
    marker = folder / MARKER
    if not marker.exists():
        return None
    try:
        return json.loads(marker.read_text(encoding="utf-8"))
    except ValueError:
        raise StoreError(
            f"{marker} is damaged: it should say how many accounts and years {folder} holds. "
            "Delete the folder, or choose another with --folder."
        ) from None


def finish(running: Command, result: dict[str, Any], folder: Path) -> None:
    """Print the top of the lists and what to do next."""
    running.printed |= result
    for published in result["published"]:
        show_published(running, published, TOP)
    check_sinks(result["published"])
    OUT.print("\nWhat to do next")
    for what, how in _next_steps(running, result, folder):
        OUT.print(f"  {what:<34}{how}", highlight=False, markup=False, soft_wrap=True)


def _next_steps(running: Command, result: dict[str, Any], folder: Path) -> list[tuple[str, str]]:
    """Return what a user may look at next, each with the file or the command."""
    keepgrow, mlflow = shlex.quote(_callable("keepgrow")), shlex.quote(_callable("mlflow"))
    ending = f"--config {shlex.quote(str(folder / 'demo.toml'))}"
    trainings = f"sqlite:///{running.settings.state_folder}/mlflow/mlflow.db"
    return [
        (
            "the run's report, for a browser",
            str(_shown(Path(result["report"])) if result.get("report") else "not written"),
        ),
        ("the lists as a workbook", f"{folder / 'lists' / 'keepgrow.xlsx'} (one per account manager in managers/)"),
        ("the trainings", f"{mlflow} ui --backend-store-uri {shlex.quote(trainings)}"),
        ("a whole list", f"{keepgrow} show churn {ending}"),
        ("one account: why, what changed", f"{keepgrow} explain {shlex.quote(_first(result))} {ending}"),
        ("how good it is on past dates", f"{keepgrow} backtest {ending}"),
        ("what is wrong with the tables", f"{keepgrow} validate {ending}"),
        ("your own tables", f"{keepgrow} init FILES ({folder / 'demo.toml'} explains every key)"),
    ]


def _first(result: dict[str, Any]) -> str:
    """Return the account at the top of the first list that has one."""
    return next((row["account_id"] for published in result["published"] for row in published["top"]), "ACCOUNT")


def _shown(path: Path) -> Path:
    """Return a path as short as a user would write it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _callable(command: str) -> str:
    """Return how a user calls a command of this environment, which may not be activated."""
    if shutil.which(command) and "UV" not in os.environ:  # `uv run` activates it for one command alone
        return command
    beside = Path(sys.executable).with_name(command)
    return str(beside.relative_to(Path.cwd())) if beside.is_relative_to(Path.cwd()) else str(beside)
