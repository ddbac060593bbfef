"""What every command shares: settings, today's date, a log file, errors in one sentence, and `--json`."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from flows.outermost import day_asked
from flows.surroundings import local_state
from pipeline.errors import KeepgrowError, ModelError, SettingsError, StoreError
from pipeline.settings import Settings, read_settings

LOG = logging.getLogger("keepgrow")
WIDE = 160
"""Columns of what is printed where nobody's terminal says how many there are."""

OUT = Console() if sys.stdout.isatty() or "COLUMNS" in os.environ else Console(width=WIDE)
ERR = Console(stderr=True)


@dataclass
class Command:
    """One invocation: what was asked for, and what it has to say."""

    name: str
    settings: Settings
    config: Path
    as_of: date
    today: date
    printed: dict[str, Any] = field(default_factory=dict)
    """What `--json` writes."""


@contextmanager
def speaking(verbose: bool = False) -> Iterator[Logged]:
    """End the process as a command should.

    A KeepgrowError is printed as one message and ends it with exit code 2; anything unforeseen goes to the log with
    its traceback, and ends it with exit code 1.
    """
    logged = Logged()
    try:
        yield logged
    except KeepgrowError as error:
        LOG.debug("failed", exc_info=True)
        ERR.print(f"[bold red]error:[/] {_plain(str(error))}", highlight=False, soft_wrap=True)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        ERR.print("interrupted; what was published stays as it was")
        raise SystemExit(130) from None
    except BrokenPipeError:
        # Whoever read along has had enough; Python would complain once more while closing the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except SystemExit:
        raise
    except Exception as error:
        if logged.file is None or verbose:
            raise
        LOG.debug("failed", exc_info=True)
        ERR.print(
            f"[bold red]unexpected {type(error).__name__}:[/] {_plain(str(error))}\nThe traceback is in {logged.file}",
            highlight=False,
            soft_wrap=True,
        )
        raise SystemExit(1) from None
    finally:
        _close_log()


@dataclass
class Logged:
    """Where the log of a command lies, once it has one."""

    file: Path | None = None


@contextmanager
def command(
    name: str, config: Path, *, as_of: str | None = None, json_file: Path | None = None, verbose: bool = False
) -> Iterator[Command]:
    """Read the config, open the log, yield the command, and write `--json` at the end, also after an error.

    Ends the process as `speaking` says.
    """
    with speaking(verbose) as logged:
        settings = read_settings(config)
        today = datetime.now(UTC).date()  # the outermost layer is the only one to ask
        asked = day_asked(settings, as_of, today)
        if json_file is not None:
            _check_writable(json_file)
        if json_file is not None and str(json_file) == "-":
            OUT.file = sys.stderr  # standard output is for the data alone
        logged.file = _open_log(local_state(settings, verbose), name, verbose)
        LOG.debug("keepgrow %s, config %s, as_of %s", name, config, asked)
        running = Command(name, settings, config.resolve(), asked, today)
        try:
            yield running
        finally:
            # Also after an error: what is wrong is what a program wants to read.
            if json_file is not None and running.printed:
                _write_json(json_file, running.printed)
            OUT.file = None  # type: ignore[assignment]  (Rich: whatever sys.stdout is)


def step(message: str) -> None:
    """Tell the user, and the log, what a step took in and gave out."""
    LOG.info(message)


def check_failed(reasons: list[str]) -> None:
    """Raise ModelError with what kept targets from being scored; the lists of the others stand."""
    if reasons:
        raise ModelError(" ".join(reasons))


def _plain(text: str) -> str:
    """Return text that Rich prints as it stands."""
    return text.replace("[", r"\[")


def _open_log(state: Path, name: str, verbose: bool) -> Path:
    folder = state / "logs"
    file = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}-{name}.log"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        to_file = logging.FileHandler(file, encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"the log {file} cannot be written: {error.strerror}. Mend the state folder's rights."
        ) from None
    to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    to_terminal = logging.StreamHandler(sys.stderr)
    to_terminal.setLevel(logging.DEBUG if verbose else logging.INFO)
    LOG.setLevel(logging.DEBUG)
    LOG.propagate = False
    LOG.handlers[:] = [to_file, to_terminal]
    return file


def _close_log() -> None:
    for handler in LOG.handlers:
        handler.close()
    LOG.handlers.clear()


def _check_writable(file: Path) -> None:
    if str(file) != "-" and not file.resolve().parent.is_dir():
        raise SettingsError(f"--json {file} cannot be written: there is no folder {file.resolve().parent}")


def _write_json(file: Path, data: dict[str, Any]) -> None:
    text = json.dumps(data, indent=2, default=str, allow_nan=False) + "\n"
    try:
        if str(file) == "-":
            sys.stdout.write(text)
        else:
            file.write_text(text, encoding="utf-8")
    except BrokenPipeError:
        raise
    except OSError as error:
        raise SettingsError(f"--json {file} cannot be written: {error.strerror}") from None
