"""Ours: the interactions into buckets (a snapshot, with its checks), and features from the buckets."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from engine.child import Stopwatch, median, run
from engine.sizes import END
from engine.task import chosen
from features.built import build_to_disk
from features.engine import build_features
from features.needs import needs
from pipeline.memory import dates_at_once, plan
from pipeline.settings import Settings, read_settings
from pipeline.snapshot import Snapshot, open_snapshot, take_snapshot
from pipeline.workers import workers_for

COLUMNS = ("interaction_id", "account_id", "occurred_at", "kind", "quantity", "score", "contact_id", "closed_at")


@dataclass(frozen=True)
class Drop:
    """Compute the features of a bucket, as many dates at a time as a run does, and keep a checksum of them alone."""

    folder: Path
    as_ofs: tuple[date, ...]
    values_bytes: int

    def __call__(self, bucket: int) -> pa.Table:
        wanted = needs(chosen(), self.as_ofs)
        since = {table: need.since for table, need in wanted.items() if need.since is not None}
        columns = {table: need.columns for table, need in wanted.items()}
        # Opened anew, since a snapshot of one bucket keeps what it has read: every run reads the files.
        history = open_snapshot(self.folder).history(bucket, since, columns)
        step = dates_at_once(self.values_bytes, len(history.accounts), len(chosen()))
        rows, total = 0, 0.0
        for first in range(0, len(self.as_ofs), step):
            frame = build_features(history, self.as_ofs[first : first + step], chosen())
            rows += len(frame)
            total += sum(float(np.nansum(frame[feature.name].to_numpy())) for feature in chosen())
        return pa.table({"rows": [rows], "sum": [total]})


def configured(job: dict[str, Any]) -> Settings:
    """Return the config that maps the job's file of interactions, with the job's limit, workers and buckets."""
    folder = Path(job["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    columns = "\n".join(f'{name} = "{name}"' for name in (*COLUMNS, "known_at"))
    buckets = f"buckets = {job['buckets']}" if job.get("buckets") else ""
    text = f"""
name = "benchmark"
state = "state"
[run]
memory_gb = {job["memory_gb"]}
workers = {job["workers"]}
[engine]
{buckets}
[[tables.interactions]]
source = "{job["file"]}"
[tables.interactions.columns]
{columns}
"""
    file = folder / f"benchmark.{os.getpid()}.toml"
    file.write_text(text, encoding="utf-8")
    try:
        return read_settings(file)
    finally:
        file.unlink()


def snapshot(job: dict[str, Any]) -> dict[str, Any]:
    """Take the snapshot; return its folder, its buckets, and its bytes per row."""
    settings = configured(job)
    watch = Stopwatch()
    with watch.part("snapshot"):
        taken = take_snapshot(settings, END)
    size = sum(file.stat().st_size for file in taken.folder.rglob("*.parquet"))
    rows = taken.counts["interactions"].rows_used
    return watch.parts["snapshot"] | {
        "snapshot": str(taken.folder),
        "buckets": taken.buckets,
        "rows": rows,
        "bytes": size,
        "bytes_per_row": size / rows,
    }


def features(job: dict[str, Any]) -> dict[str, Any]:
    """Compute the features from the buckets and drop them, or write them to disk (`keep`)."""
    settings = configured(job)
    as_ofs = tuple(date.fromisoformat(day) for day in job["as_ofs"])
    folder = Path(job["snapshot"])
    taken = open_snapshot(folder)
    if job.get("keep"):
        return kept(taken, as_ofs, settings, Path(job["keep"]))
    function = Drop(folder, as_ofs, plan(settings).values_bytes)
    dropped: list[pa.Table] = []

    def drop() -> None:
        dropped[:] = [part for _, part in workers_for(settings).map(function, range(taken.buckets))]

    result = median(drop) | {"rows": sum(part["rows"][0].as_py() for part in dropped), "buckets": taken.buckets}
    if job.get("table"):
        table(taken, as_ofs).to_parquet(job["table"])
    return result


def kept(taken: Snapshot, as_ofs: Sequence[date], settings: Settings, folder: Path) -> dict[str, Any]:
    """Build the features to disk, as a run does, and once more, when all of them are there."""
    watch, workers, memory = Stopwatch(), workers_for(settings), plan(settings)
    with watch.part("first"):
        built = build_to_disk(taken, as_ofs, chosen(), folder, workers, memory.values_bytes)
    with watch.part("again"):
        build_to_disk(taken, as_ofs, chosen(), folder, workers, memory.values_bytes)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    rows = taken.counts["interactions"].rows_used
    again = {
        "said": memory.said(rows, taken.buckets),
        "again_seconds": watch.parts["again"]["seconds"],
        "bytes": size,
        "buckets": taken.buckets,
    }
    return watch.parts["first"] | again | {"rows": sum(built.accounts(day) for day in as_ofs)}


def table(taken: Snapshot, as_ofs: Sequence[date]) -> pd.DataFrame:
    """Return the features of all buckets, sorted by as_of and account_id."""
    frames = [build_features(taken.history(bucket), as_ofs, chosen()) for bucket in range(taken.buckets)]
    return pd.concat(frames).sort_values(["as_of", "account_id"], ignore_index=True)


if __name__ == "__main__":
    run(lambda job: snapshot(job) if job["do"] == "snapshot" else features(job))
