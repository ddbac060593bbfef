"""Housekeeping: what earlier runs left in the state folder and no later one needs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

LOGS = 200
"""Log files that are kept."""

STILL_SECONDS = 3600
"""A leftover goes once nothing in it has changed for so long: commands that take no run lock write some too."""

FEATURE_DAYS = 7
"""Features of a date go once no run has used them for so many days."""

_OLD = "old-"

_LEFTOVERS = (
    "stage-*",
    "scoring-*",
    "*run.[0-9]*",
    f"snapshots/{_OLD}*",
    "snapshots/writing-*",
    "spark/job-*",
    "snapshots/*/*.writing",
    "snapshots/*/bucket=*/*.writing",
    "snapshots/*/bucket=*/*/*.writing",
    f"features/{_OLD}*",
    f"features/*/{_OLD}*",
    "features/*/*/*.tmp",
    "models/*/*.partial",
    f"models-dry-run/{_OLD}*",
    "models-dry-run/*.partial",
    f"scored*/*/{_OLD}*",
    "scored*/*/.*.[0-9]*",
)
"""Names under which something is written before it is renamed, or removed after; a killed run leaves them."""


def tidy(state: Path, since: datetime, keep: int = 3) -> list[Path]:
    """Remove from the state folder what is no longer needed; return the paths that are gone, sorted.

    To be called under the run lock; `since` is when the run began. Gone are leftovers of killed runs that have not
    changed for `STILL_SECONDS`; all but the `keep` newest snapshots, dry-run models and, per target, scored lists (that
    of the latest as_of always stays); features of dates that no run used for `FEATURE_DAYS`; all but the `LOGS` newest
    logs. What is left can all be built anew, but a store, mlflow, prefect and the trained models are never touched.
    What cannot be removed stays and stops nobody.
    """
    if keep < 1:
        raise ValueError(f"keep must be at least 1; found {keep}")
    gone = [path for path in _leftovers(state, since.timestamp() - STILL_SECONDS) if _removed(path)]
    for name in ("snapshots", "models-dry-run"):
        gone += [path for path in _newest_first(state / name)[keep:] if _retired(path)]
    gone += _unused_features(state / "features", since - timedelta(days=FEATURE_DAYS))
    for target in (*_folders(state / "scored"), *_folders(state / "scored-dry-run")):
        drafts = _newest_first(target)
        latest = max(drafts, key=lambda path: path.name, default=None)
        gone += [path for path in drafts[keep:] if path != latest and _retired(path)]
    # Their names begin with the moment they were opened.
    logs = sorted((state / "logs").glob("*.log"), reverse=True)
    gone += [path for path in logs[LOGS:] if _removed(path)]
    return sorted(gone)


def _unused_features(home: Path, since: datetime) -> Iterator[Path]:
    """Retire the dates last used before `since`, and folders in which earlier versions kept features otherwise."""
    for folder in _folders(home):
        if not folder.name.startswith("buckets="):
            yield from [folder] if _retired(folder) else []
            continue
        dates = _folders(folder)
        unused = [path for path in dates if _changed([path]) < since.timestamp()]
        yield from [path for path in unused if _retired(path)]
        if not list(folder.iterdir()):
            _removed(folder)


def _leftovers(state: Path, before: float) -> Iterator[Path]:
    for pattern in _LEFTOVERS:
        for path in sorted(state.glob(pattern)):
            if _changed([path, *_within(path)]) < before:
                yield path


def _within(folder: Path) -> Iterator[Path]:
    # os.walk passes over what another command removes meanwhile; rglob would raise.
    for room, _, files in os.walk(folder):
        yield Path(room)
        yield from (Path(room) / file for file in files)


def _folders(home: Path) -> list[Path]:
    """Return the folders in `home` that are what their names say: neither leftovers nor links."""
    return [
        path
        for path in home.glob("[!.]*")
        if path.is_dir()
        and not path.is_symlink()
        and not path.name.startswith((_OLD, "writing-"))
        and path.suffix != ".partial"
    ]


def _newest_first(home: Path) -> list[Path]:
    """Return the folders in `home` by when they or what lies directly in them last changed, the latest first."""
    return sorted(_folders(home), key=lambda path: (_changed([path, *path.glob("*")]), path.name), reverse=True)


def _changed(paths: Iterable[Path]) -> float:
    """Return when any of the paths last changed, in seconds since 1970; 0 when none is there any more."""
    latest = 0.0
    for path in paths:
        try:
            latest = max(latest, path.lstat().st_mtime)
        except OSError:  # another command has removed or renamed it
            continue
    return latest


def _retired(folder: Path) -> bool:
    """Remove a folder under another name, so that it is whole or absent even when this process is killed."""
    aside = folder.with_name(_OLD + folder.name)
    try:
        folder.rename(aside)
    except OSError:
        return False
    _removed(aside)
    return True


def _removed(path: Path) -> bool:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    except OSError:
        return False
    return True
