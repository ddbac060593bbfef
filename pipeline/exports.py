"""Exports of published lists: to `FOLDER/TARGET.csv` (the current list) and `FOLDER/history/RUN.csv` (every list).

Each file is written under a temporary name and then renamed, after the list is published, so that nobody opens half
of one, and a folder that cannot be written never holds the list back.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import SinkError, StoreError, nearest
from pipeline.store import ExportStatus, Run, RunRecord, Store
from pipeline.store.drill import reached
from pipeline.store.frames import cells, in_order

_RATES = ("probability", "observed_rate", "observed_low", "observed_high", "previous_probability")
_MONEY = ("value_at_stake", "expected_value")
_RANKS = ("rank", "manager_rank")

COLUMNS = (
    "rank", "account_id", "name", "account_manager", "team", "section", "probability", "band", "observed_rate",
    "observed_low", "observed_high", "value_at_stake", "expected_value", "currency", "reasons", "play", "change",
    "previous_probability", "manager_rank", "target", "as_of", "run_id",
)  # fmt: skip
"""Columns of an exported list, the ones people read first."""


@dataclass(frozen=True)
class Sink:
    """A folder that lists are exported to, in the format `kind` (a key of KINDS)."""

    kind: str
    folder: Path

    @property
    def name(self) -> str:
        return f"{self.kind}:{self.folder}"

    def files(self, run: Run) -> tuple[Path, Path]:
        """Return the file of the target's current list and the one that keeps this run."""
        return self.folder / f"{run.target}.{self.kind}", self.folder / "history" / f"{run.run_id}.{self.kind}"


def export(
    store: Store,
    target: str,
    sinks: Sequence[Sink],
    at: datetime,
    *,
    attempts: int = 3,
    wait: Callable[[float], None] = time.sleep,
) -> list[ExportStatus]:
    """Export the published list of `target` to every sink, and return how each went, in the same order.

    A sink that holds the list already is left alone; one that cannot be written is tried `attempts` times and
    then reported as `failed`, with the reason in `error`. Raises StoreError when nothing is published.
    """
    run = store.published(target)
    if run is None:
        raise StoreError(f"nothing is published for target {target!r}; publish a list before exporting it")
    before = store.exports(run.run_id)
    rows: pd.DataFrame | None = None
    statuses = []
    for sink in sinks:
        status = before.get(sink.name)
        if status is None or not _is_there(sink, run, status):
            rows = store.rows(run.run_id) if rows is None else rows
            status = _try_export(run, rows, sink, at, attempts=attempts, wait=wait)
            store.record_export(status)
        statuses.append(status)
    return statuses


def write(run: Run, rows: pd.DataFrame, sink: Sink) -> str:
    """Write a run's list to a sink and return the SHA-256 of the file; raise SinkError when that fails."""
    if sink.kind not in KINDS:
        raise SinkError(f"there is no export of kind {sink.kind!r}; {nearest(sink.kind, KINDS)}")
    reached("export_begun")
    digest = ""
    for file in sink.files(run):
        part = file.with_name(f".{file.name}.part")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            KINDS[sink.kind](run, rows, part)
            digest = _flush(part)
            reached("export_written")
            part.replace(file)
        except OSError as error:
            raise SinkError(
                f"the list {run.run_id} is published, but {file} cannot be written: {error.strerror or error}. Close "
                "the file where it is open, or make its folder writable, then run the same command again."
            ) from None
        reached("export_renamed")
    return digest


def canonical_csv(run: RunRecord, rows: pd.DataFrame) -> bytes:
    """Return the list of a run as CSV whose every byte follows from the run: UTF-8, `,`, lines end in LF.

    Rows are in the list's order, rates have six decimals, money two, dates are YYYY-MM-DD, a blank is empty, reasons
    are joined by `; `. Text that a spreadsheet would run as a formula is guarded (see `guarded`).
    """
    frame = _readable(run, rows)
    formats: dict[str, Callable[[Any], str]] = dict.fromkeys(_RATES, _decimals(6))
    formats |= dict.fromkeys(_MONEY, _decimals(2)) | dict.fromkeys(_RANKS, lambda rank: str(int(rank)))
    formats |= {"reasons": lambda reasons: guarded("; ".join(reasons)), "as_of": str}
    columns = [
        ["" if value is None else formats.get(name, guarded)(value) for value in cells(frame[name])] for name in COLUMNS
    ]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue().encode("utf-8")


def guarded(text: str) -> str:
    """Return the text with an apostrophe in front when a spreadsheet might take it for a formula.

    That is text that begins with = + - @, a tab or a line break, also after spaces or apostrophes; the remedy is
    OWASP's ("CSV Injection"). `unguarded` returns the original, whatever it was.

    >>> guarded("=1+1"), guarded("Smith & Co"), unguarded(guarded("'=1+1"))
    ("'=1+1", 'Smith & Co', "'=1+1")
    """
    return "'" + text if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """Return the text that `guarded` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


_FORMULA = re.compile(r"[\s']*[=+\-@＝＋－＠]|'*[\t\r\n]")


def _write_csv(run: Run, rows: pd.DataFrame, file: Path) -> None:
    # The byte order mark tells spreadsheets that this is UTF-8; without it Excel garbles names.
    file.write_bytes(b"\xef\xbb\xbf" + canonical_csv(run, rows))


def _write_parquet(run: Run, rows: pd.DataFrame, file: Path) -> None:
    frame = _readable(run, rows)
    types: dict[str, pa.DataType] = dict.fromkeys(COLUMNS, pa.string())
    types |= dict.fromkeys((*_RATES, *_MONEY), pa.float64()) | dict.fromkeys(_RANKS, pa.int32())
    types |= {"as_of": pa.date32(), "reasons": pa.list_(pa.string())}
    arrays = [pa.array(cells(frame[name]), types[name]) for name in COLUMNS]
    pq.write_table(pa.Table.from_arrays(arrays, list(COLUMNS)), file)


KINDS: Mapping[str, Callable[[Run, pd.DataFrame, Path], None]] = {"csv": _write_csv, "parquet": _write_parquet}
"""Kind of export, which is also the file's suffix -> what writes a run's list to a file. Add an export here."""


def _try_export(
    run: Run, rows: pd.DataFrame, sink: Sink, at: datetime, *, attempts: int, wait: Callable[[float], None]
) -> ExportStatus:
    fault = ""
    for attempt in range(attempts):
        if attempt:
            wait(0.5 * 2**attempt)
        try:
            return ExportStatus(run.run_id, sink.name, "done", at, digest=write(run, rows, sink))
        except SinkError as error:
            fault = str(error)
    return ExportStatus(run.run_id, sink.name, "failed", at, error=fault)


def _is_there(sink: Sink, run: Run, status: ExportStatus) -> bool:
    """Whether both files hold what was exported: a rollback, a person or a kill may have changed them since."""
    return status.status == "done" and all(_digest(file) == status.digest for file in sink.files(run))


def _digest(file: Path) -> str | None:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return None


def _flush(file: Path) -> str:
    """Force the file to disk, so that its new name never outlives its contents, and return its SHA-256."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
        return hashlib.sha256(opened.read()).hexdigest()


def _readable(run: RunRecord, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the run's own facts beside them and reasons as texts."""
    frame = in_order(rows)
    reasons = [[_text(reason) for reason in row] for row in frame["reasons"]]
    facts = {"target": run.target, "as_of": run.as_of, "run_id": run.run_id, "currency": run.currency}
    return frame.assign(reasons=pd.Series(reasons, index=frame.index, dtype=object), **facts)


def _text(reason: Any) -> str:
    return str(reason["text"] if isinstance(reason, Mapping) else reason)


def _decimals(digits: int) -> Callable[[float], str]:
    # Adding 0.0 after rounding turns -0.0 into 0.0.
    return lambda value: f"{round(value, digits) + 0.0:.{digits}f}"
