"""Rooms: folders in the state folder, seen by the driver and all workers, for files of one job."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import SourceError, StoreError
from pipeline.settings import Settings

UNSEEN = "the state folder must lie where the driver and all workers see the same files, such as a mounted volume"


@contextmanager
def shared_room(settings: Settings) -> Iterator[Path]:
    """Make a folder for one job and remove it after; StoreError when the state folder cannot be written."""
    home = settings.state_folder / "spark"
    try:
        home.mkdir(parents=True, exist_ok=True)
        room = Path(tempfile.mkdtemp(prefix="job-", dir=home))
        room.chmod(0o777)  # tasks may run as another user
    except OSError as error:
        raise StoreError(f"state folder {home} cannot be written: {error.strerror}. Mend its permissions.") from None
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)


def check_seen(room: Path) -> None:
    """Raise StoreError on a worker that does not see the room."""
    if not room.is_dir():
        raise StoreError(f"a worker does not see {room}: {UNSEEN}.")


def check_file_seen(file: str) -> None:
    """Raise StoreError on a worker that does not see a file that the driver wrote into a room."""
    if not Path(file).is_file():
        raise StoreError(f"a worker does not see {file}: {UNSEEN}.")


def check_source_seen(file: str, where: str) -> None:
    """Raise SourceError on a worker that does not see a source's file; `where` names the source in the config."""
    if not Path(file).is_file():
        raise SourceError(
            f"{where}: a worker does not see {file}: sources must lie where the driver and all workers see the same "
            "files, such as a mounted volume."
        )
