"""The lock a run holds on its store: a second run waits or stops at once. The system frees it when a run dies."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.engine import make_url

from pipeline.errors import BusyError, StoreError


class RunLock:
    """A context manager: inside it, no other run works on the store or folder `where`.

    `where` is a SQLite URL (the lock lies beside the file) or a folder; `since` is what a second run is told.
    Raises BusyError, naming the process that holds the lock, after `wait_seconds` (0: at once).
    """

    def __init__(self, where: str | Path, since: datetime, wait_seconds: float = 0) -> None:
        self.file = _lock_file(where)
        self._holder = self.file.with_suffix(".json")
        self._since = since
        self._wait = wait_seconds
        self._lock = FileLock(str(self.file))

    def __enter__(self) -> RunLock:
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=self._wait, poll_interval=0.1)
        except Timeout:
            raise BusyError(self._busy()) from None
        except OSError as error:
            raise StoreError(
                f"the run lock {self.file} cannot be made: {error.strerror or error}. Check that its folder is "
                "writable."
            ) from None
        # Written whole or not at all, because a second run reads it without the lock.
        part = self._holder.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps({"pid": os.getpid(), "since": self._since.isoformat()}), encoding="utf-8")
        part.replace(self._holder)
        return self

    def __exit__(self, *exception: object) -> None:
        self._holder.unlink(missing_ok=True)
        self._lock.release()

    def _busy(self) -> str:
        waited = f"after waiting {self._wait:g} s" if self._wait else "and this one does not wait"
        return (
            f"another run holds {self.file}: {self._holder_words()}; {waited}. Wait for it to finish, or set [run] "
            "wait_seconds to wait for it by itself."
        )

    def _holder_words(self) -> str:
        try:
            holder = json.loads(self._holder.read_text(encoding="utf-8"))
            return f"process {holder['pid']}, since {holder['since']}"
        except (OSError, ValueError, KeyError, TypeError):
            return "it has only just begun"


def _lock_file(where: str | Path) -> Path:
    if isinstance(where, str) and "://" in where:
        url = make_url(where)
        if url.get_backend_name() != "sqlite" or not url.database:
            raise StoreError("a run lock lies beside a SQLite file; for another store give the state folder")
        database = Path(url.database)
        return database.with_name(database.name + ".run.lock")
    return Path(where) / "run.lock"
