"""Buckets: staged rows written as Parquet, one folder per hash partition of the accounts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.asof import DAY, MISSING
from pipeline.history import Steps, first_day_steps
from pipeline.memory import plan
from pipeline.progress import track
from pipeline.settings import Settings
from pipeline.sorting import canonical_order
from pipeline.sources import quoted
from pipeline.staged import Staged
from pipeline.staging import Stage
from pipeline.tables import HISTORY_TABLES

BUCKETED = (*HISTORY_TABLES, "exclusions")
"""The tables whose rows belong to accounts."""

IDS = "ids"
"""The file of a bucket with its accounts, from whichever table they come."""


@dataclass(frozen=True)
class TableCounts:
    """Where the rows of a table went.

    `rows_in` = `rows_used` + all of `rejected` (by rule) + `left_out_by_where` + `repeats_dropped`.
    """

    rows_in: int
    rows_used: int
    rejected: Mapping[str, int]
    left_out_by_where: int
    repeats_dropped: int = 0


@dataclass(frozen=True)
class Written:
    """What was written: the number of buckets and, per table, when rows were known and when the first occurred."""

    buckets: int
    first_days: dict[str, Steps]
    known_days: dict[str, list[tuple[int, int]]]


def count_rows(stage: Stage) -> dict[str, TableCounts]:
    """Return per table where its rows went."""
    counts = {}
    for name, staged in stage.tables.items():
        rules = stage.ask(f"SELECT _rule, count(*) FROM {staged.name} GROUP BY _rule ORDER BY _rule")
        rejected = {rule: number for rule, number in rules if rule is not None}
        kept = sum(number for rule, number in rules if rule is None)
        used = stage.ask(f"SELECT count(*) FROM ({staged.used})")[0][0]
        counts[name] = TableCounts(staged.rows_in, used, rejected, staged.left_out, kept - used)
    return counts


def content_digest(stage: Stage) -> str:
    """Return a SHA-256 of what the used rows say, whatever their order, and of the settings that cut them.

    Per table the rows' 128-bit digests are added up, which repeats do not cancel out of.
    """
    settings = stage.settings
    parts: dict[str, object] = {
        "constant": sorted(settings.accounts.constant),
        "data_until": str(settings.time.data_until),
    }
    for name, staged in stage.tables.items():
        if name in BUCKETED:
            low, high = "_digest & 18446744073709551615::UHUGEINT", "_digest >> 64"
            sums = stage.ask(f"SELECT count(*), sum(({low})::UBIGINT), sum(({high})::UBIGINT) FROM ({staged.used})")[0]
            parts[name] = [list(staged.stored), *(str(number) for number in sums)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def bucket_count(rows: int, settings: Settings) -> int:
    return settings.engine.buckets or max(1, -(-rows // plan(settings).rows_per_bucket))


def write_buckets(stage: Stage, folder: Path, buckets: int) -> Written:
    """Write every bucketed table, each bucket's rows in canonical order; all buckets have all files."""
    tables = [stage.tables[name] for name in BUCKETED if name in stage.tables]
    for staged in tables:
        part = f"md5_number_lower(account_id) % {buckets}"
        columns = ", ".join(quoted(name) for name in staged.stored)
        # In the order of buckets, or each of many buckets would read the whole table for its own rows.
        order = " ORDER BY _bucket" if buckets > 1 else ""
        stage.con.execute(
            f"CREATE TABLE used_{staged.contract.name} AS "
            f"SELECT {columns}, {part} AS _bucket FROM ({staged.used}){order}"
        )
    written = Written(buckets, {}, {})
    steps: dict[str, list[tuple[int, int]]] = {}
    known_days: dict[str, dict[int, int]] = {}
    for bucket in track(range(buckets), "writing the snapshot"):
        room = folder / f"bucket={bucket:05d}"
        room.mkdir()
        ids: list[pa.ChunkedArray] = []
        for staged in tables:
            name = staged.contract.name
            columns = ", ".join(quoted(column) for column in staged.stored)
            query = f"SELECT {columns} FROM used_{name} WHERE _bucket = {bucket}"
            table = canonical_order(stage.con.sql(query).to_arrow_table(), staged.contract)
            pq.write_table(table, room / f"{name}.parquet")
            ids.append(table.column("account_id"))
            if name in HISTORY_TABLES:
                known, occurred = _instants(table, staged)
                steps.setdefault(name, []).extend(first_day_steps(known, occurred))
                _add_days(known_days.setdefault(name, {}), known)
        accounts = sorted(set().union(*(column.unique().to_pylist() for column in ids)))
        pq.write_table(pa.table({"account_id": pa.array(accounts, pa.string())}), room / f"{IDS}.parquet")
    for name, pairs in steps.items():
        known, occurred = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        written.first_days[name] = first_day_steps(known, occurred)
        written.known_days[name] = sorted(known_days[name].items())
    return written


def _instants(table: pa.Table, staged: Staged) -> tuple[np.ndarray, np.ndarray]:
    """Return when each row was known and when it occurred, in microseconds, MISSING where null."""

    def column(name: str | None) -> np.ndarray:
        if name is None or name not in table.column_names:
            return np.full(len(table), MISSING)
        values = table.column(name).cast(pa.timestamp("us")).cast(pa.int64())
        return values.fill_null(MISSING).to_numpy().astype(np.int64)

    occurred = column(staged.contract.occurred)
    return (column("known_at") if "known_at" in table.column_names else occurred), occurred


def _add_days(days: dict[int, int], known: np.ndarray) -> None:
    """Note the midnights by which rows were known, each with the day in which the latest of them became known."""
    known = known[known != MISSING]
    midnights = -(-known // DAY)
    at_midnight = set(np.unique(midnights[known == midnights * DAY]).tolist())
    for midnight in np.unique(midnights).tolist():
        day = midnight if midnight in at_midnight else midnight - 1
        days[midnight] = max(days.get(midnight, day), day)
