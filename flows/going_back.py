"""Past lists: one of them again, byte for byte, and the way back to it."""

from __future__ import annotations

import codecs
import getpass
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.alone import run_lock
from flows.command import Command, step
from flows.reading import check_sinks, check_target
from pipeline.asof import LATEST
from pipeline.engines import take_snapshot
from pipeline.errors import SettingsError
from pipeline.publishing import release, roll_back
from pipeline.rebuild import rebuild
from pipeline.store import Store, store_url


def rebuild_list(running: Command, run: str, out: Path | None) -> None:
    """Write the canonical CSV of a run to standard output, or to `out` as a CSV sink's file has it.

    Raises StoreError for a run that is unknown or whose rows were changed, SettingsError for a file that cannot be
    written.
    """
    with Store(store_url(running.settings)) as store:
        rebuilt = rebuild(store, store.named(run))
    running.printed |= {
        "run": rebuilt.run.run_id,
        "target": rebuilt.run.target,
        "as_of": str(rebuilt.run.as_of),
        "digest": rebuilt.digest,
        "published_digest": rebuilt.run.rows_digest,
        "checked": rebuilt.checked,
        "removed": list(rebuilt.removed),
        "file": None if out is None else str(out),
    }
    if out is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(rebuilt.content)
        sys.stdout.buffer.flush()
    else:
        _write(out, codecs.BOM_UTF8 + rebuilt.content)
    step(f"rebuild  {rebuilt.said}")


def go_back(running: Command, target: str, run: str | None, released: bool, author: str | None) -> None:
    """Roll a target back to a run and hold it there, or release it; then export what readers see now.

    Raises SettingsError when it is not clear which of the two is asked for, or who asks; BusyError while a run is at
    work; SourceError or ContractError where the sources do not tell who is excluded now; StoreError, among others, for
    a list that names an account that is excluded now; SinkError, at the end, for a sink that could not be written.
    """
    check_target(running, target)
    if (run is None) != released:
        raise SettingsError(
            "`keepgrow rollback` takes either a RUN to go back to (`keepgrow runs` lists them) or --release, which "
            f"shows new lists again; found {'neither' if run is None else 'both'}"
        )
    who = author or _user()
    now = datetime.now(UTC)
    with run_lock(running.settings, now):
        excluded = _excluded(running)
        if run is None:
            done = release(running.settings, target, who, now, excluded=excluded)
        else:
            done = roll_back(running.settings, target, run, who, now, excluded=excluded)
    running.printed |= done
    step(f"rollback {done['said']}")
    for sink in done["sinks"]:
        step(f"export   {target}: {sink['said']}")
    tell_hold(done["hold"])
    check_sinks([done])


def tell_hold(hold: dict[str, Any] | None, ended: str | None = None) -> None:
    """Say loudly that lists are being kept back, or that they no longer are."""
    if hold is not None:
        step(f"HELD     {hold['said']}")
    if ended is not None:
        step(f"RELEASED {ended}")


def _excluded(running: Command) -> set[str]:
    """Return the accounts excluded on the day of the command, or for good, as the sources say now."""
    if "exclusions" not in running.settings.tables:
        return set()
    snapshot = take_snapshot(running.settings, running.as_of)
    return {*snapshot.excluded(running.as_of)["account_id"], *snapshot.excluded(LATEST)["account_id"]}


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        raise SettingsError(
            "the system does not say who you are, and a rollback is written down with its author: add --author NAME"
        ) from None


def _write(file: Path, content: bytes) -> None:
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        part.write_bytes(content)
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise SettingsError(f"--out {file} cannot be written: {error.strerror or error}") from None
