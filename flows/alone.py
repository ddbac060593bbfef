"""One run at a time on a store."""

from __future__ import annotations

from datetime import datetime

from pipeline.settings import Settings
from pipeline.store import RunLock, store_url


def run_lock(settings: Settings, since: datetime) -> RunLock:
    """Return the lock of the settings' store: beside a SQLite file, else in the state folder.

    Entering it raises BusyError while another run holds it, at once or after `[run] wait_seconds`.
    """
    url = store_url(settings)
    where = url if url.startswith("sqlite") else settings.state_folder
    return RunLock(where, since, settings.run.wait_seconds)
