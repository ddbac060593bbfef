"""Random histories as snapshots on disk, and what a view of a history says, as plain rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from random_histories import Raw, arrow_table, columns_of

from pipeline.asof import MISSING
from pipeline.bucket_files import write_bucket
from pipeline.describing import finish
from pipeline.history import View
from pipeline.layout import Layout, TableLayout, bucket_of, given_columns
from pipeline.snapshot import Snapshot, open_snapshot
from pipeline.tables import TABLES


def written(raw: Raw, folder: Path, buckets: int = 1, constant: tuple[str, ...] = ()) -> Snapshot:
    """Return the snapshot of raw rows, written by the functions that every engine writes buckets with."""
    tables = {name: arrow_table(name, rows) for name, rows in raw.items()}
    layout = Layout(buckets, {name: _layout(name, table, constant) for name, table in tables.items()})
    done = [write_bucket(_given(tables, layout, bucket), layout, folder, bucket) for bucket in range(buckets)]
    said: dict[str, Any] = {"digest": "", "counts": {}, "constant": list(constant), "until": None, "findings": []}
    finish(folder, layout, done, {**said, "columns": columns_of(raw)})
    return open_snapshot(folder)


def _layout(name: str, table: pa.Table, constant: tuple[str, ...]) -> TableLayout:
    names = tuple(table.column_names)
    return TableLayout(name, names, TABLES[name].key_among({*names}), "known_at" not in names, constant)


def _given(tables: Mapping[str, pa.Table], layout: Layout, bucket: int) -> dict[str, pa.Table]:
    given = {}
    with duckdb.connect() as con:
        for name, table in tables.items():
            con.register("raw", table)
            where = f"{bucket_of(layout.buckets)} = {bucket}"
            given[name] = con.sql(
                f"SELECT {given_columns(layout.tables[name])} FROM raw WHERE {where}"
            ).to_arrow_table()
    return given


def seen(view: View, since: Mapping[str, date] | None = None, columns: Mapping[str, Any] | None = None) -> Any:
    """Return what a view says: who is seen, and its tables' rows in order, of some days and columns only if asked."""
    said: dict[str, Any] = {}
    for name, rows in view.tables.items():
        chosen = [column for column in rows.columns if columns is None or column in columns[name]]
        texts = {column: [*rows.categories[column], None] for column in chosen if column in rows.categories}
        table = []
        for row in range(len(rows)):
            values = {column: int(rows.columns[column][row]) for column in chosen}
            shown = {
                column: texts[column][value if value != MISSING else -1] if column in texts else value
                for column, value in values.items()
            }
            occurred = int(rows.occurred[row])
            if since is None or name not in since or occurred >= _microseconds(since[name]):
                table.append((view.accounts[rows.account[row]], occurred, tuple(sorted(shown.items()))))
        said[name] = table
    return list(view.accounts[view.seen]), said, dict(view.first_days)


def together(parts: list[Any]) -> Any:
    """Return what the views of several buckets say, as one."""
    tables: dict[str, Counter] = {}
    for _, said, _ in parts:
        for name, rows in said.items():
            tables.setdefault(name, Counter()).update(rows)
    return sorted(account for each, _, _ in parts for account in each), tables, parts[0][2]


def _microseconds(day: date) -> int:
    return (day - date(1970, 1, 1)).days * 86_400_000_000
