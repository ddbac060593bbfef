"""The description of a whole snapshot: what its buckets say together; written last, so that what it is in is whole."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.bucket_files import BucketWritten
from pipeline.history import Steps, first_day_steps
from pipeline.layout import Layout
from pipeline.settings import Settings
from pipeline.staged import Staged
from pipeline.tables import HISTORY_TABLES
from pipeline.tally import TableCounts
from pipeline.validate import Findings

NAME = "snapshot.json"


def describe(
    settings: Settings,
    tables: Mapping[str, Staged],
    digest: str,
    counts: Mapping[str, TableCounts],
    findings: Findings,
) -> dict[str, Any]:
    """Return what is said of a snapshot before its buckets are written."""
    until: date | None = settings.time.data_until
    return {
        "digest": digest,
        "columns": {
            name: [column for column in table.columns if column in table.stored] for name, table in tables.items()
        },
        "counts": {name: asdict(each) for name, each in counts.items()},
        "constant": list(settings.accounts.constant),
        "until": until.isoformat() if until else None,
        "findings": findings.as_data(),
    }


def finish(folder: Path, layout: Layout, buckets: Iterable[BucketWritten], said: Mapping[str, Any]) -> None:
    """Write `snapshot.json`: `said` (see `describe`), and what the buckets, all of them, say together.

    Raises OSError when it cannot be written.
    """
    steps: dict[str, list[tuple[int, int]]] = {}
    days: dict[str, dict[int, int]] = {}
    kept = written = 0
    for bucket in sorted(buckets, key=lambda each: each.bucket):
        kept, written = kept + bucket.kept, written + bucket.written
        for name in (name for name in layout.tables if name in HISTORY_TABLES):
            table = bucket.description["tables"][name]
            steps.setdefault(name, []).extend((known, first) for known, first in table["first_days"])
            known_days = days.setdefault(name, {})
            for midnight, day in table["known_days"].tolist():
                known_days[midnight] = max(known_days.get(midnight, day), day)
    data = {
        **said,
        "buckets": layout.buckets,
        "stored": {name: list(table.stored) for name, table in layout.tables.items()},
        "first_days": {name: _steps(pairs) for name, pairs in steps.items()},
        "known_days": {name: sorted(pairs.items()) for name, pairs in days.items()},
        "parts_kept": kept,
        "parts_written": written,
    }
    writing = folder / f"{NAME}.{os.getpid()}.writing"
    writing.write_text(json.dumps(data, indent=1, sort_keys=True), encoding="utf-8")
    writing.replace(folder / NAME)


def _steps(pairs: list[tuple[int, int]]) -> Steps:
    known, occurred = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return first_day_steps(known, occurred)
