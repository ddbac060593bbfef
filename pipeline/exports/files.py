"""Sinks that hold one file per list: `FOLDER/TARGET.csv` (the current one) and `FOLDER/history/RUN.csv` (every one)."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import SinkError
from pipeline.exports.canonical import canonical_csv
from pipeline.exports.columns import COLUMNS, MONEY, RANKS, RATES, readable
from pipeline.exports.sink import PublishedLists, Sink, Written
from pipeline.store import Run
from pipeline.store.drill import reached
from pipeline.store.frames import cells


@dataclass(frozen=True)
class ListFiles:
    """A kind whose `fill` writes a run's list to a file that ends in the kind's name."""

    fill: Callable[[Run, pd.DataFrame, Path], None]
    place: ClassVar[Literal["folder", "file"]] = "folder"

    def obstacle(self, sink: Sink) -> str | None:
        return unwritable(sink.where)

    def held(self, sink: Sink, lists: PublishedLists) -> str | None:
        """Return the SHA-256 of both files, None where they differ or one is missing."""
        current, kept = (digest(file) for file in _files(sink, lists.run))
        return current if current == kept else None

    def write(self, sink: Sink, lists: PublishedLists) -> Written:
        written = ""
        for file in _files(sink, lists.run):
            part = file.with_name(f".{file.name}.part")
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                self.fill(lists.run, lists.rows(), part)
                written = flush(part)
                reached("export_written")
                part.replace(file)
            except OSError as error:
                raise SinkError(cannot_write(file, error, lists.run)) from None
            reached("export_renamed")
        return Written(written)


def write_csv(run: Run, rows: pd.DataFrame, file: Path) -> None:
    """Write the canonical CSV after a byte order mark, without which Excel garbles names."""
    file.write_bytes(b"\xef\xbb\xbf" + canonical_csv(run, rows))


def write_parquet(run: Run, rows: pd.DataFrame, file: Path) -> None:
    """Write the list as Parquet, texts as they are and reasons as a list of texts."""
    pq.write_table(as_arrow(run, rows), file)


def as_arrow(run: Run, rows: pd.DataFrame) -> pa.Table:
    """Return the list with COLUMNS, typed: ranks int32, rates and money float64, as_of a date, reasons a list."""
    frame = readable(run, rows)
    types: dict[str, pa.DataType] = dict.fromkeys(COLUMNS, pa.string())
    types |= dict.fromkeys((*RATES, *MONEY), pa.float64()) | dict.fromkeys(RANKS, pa.int32())
    types |= {"as_of": pa.date32(), "reasons": pa.list_(pa.string())}
    arrays = [pa.array(cells(frame[name]), types[name]) for name in COLUMNS]
    return pa.Table.from_arrays(arrays, list(COLUMNS))


def cannot_write(file: Path, error: OSError, run: Run) -> str:
    """Return what is said of a file that cannot be written after the list was published."""
    return (
        f"the list {run.run_id} is published, but {file} cannot be written: {error.strerror or error}. Close "
        "the file where it is open, or make its folder writable, then run the same command again."
    )


def unwritable(folder: Path) -> str | None:
    """Return why no file can be made in a folder, None when one can; the folder itself is not made."""
    nearest = folder
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    if not nearest.is_dir():
        return f"{nearest} is a file, and a folder is needed there"
    try:
        with tempfile.TemporaryFile(dir=nearest):
            return None
    except OSError as error:
        return f"no file can be made in {nearest}: {error.strerror or error}"


def digest(file: Path) -> str | None:
    """Return the SHA-256 of a file, None where it cannot be read."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return None


def flush(file: Path) -> str:
    """Force the file to disk, so that its new name never outlives its contents, and return its SHA-256."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
        return hashlib.sha256(opened.read()).hexdigest()


def _files(sink: Sink, run: Run) -> tuple[Path, Path]:
    """Return the file of the target's current list and the one that keeps this run."""
    return sink.where / f"{run.target}.{sink.kind}", sink.where / "history" / f"{run.run_id}.{sink.kind}"
