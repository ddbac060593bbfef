"""Random companies taken the whole way: source files, a snapshot in buckets, features on disk, built by an engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from laws import as_known, difference, known_before
from random_histories import AS_OF, AS_OFS, KNOWN, Raw, Row, arrow_table, midnight, random_raw

from features.built import build_to_disk
from features.catalogue import features_for
from features.spec import Feature
from pipeline.engines import take_snapshot
from pipeline.settings import Settings, parse
from pipeline.snapshot import Snapshot
from pipeline.tables import TABLES
from pipeline.workers import workers_for

SEEDS = (0, 3, 4, 8, 9, 13)
"""Together their companies have every table, and every kind of row that the random histories know."""

_AMOUNTS = {"interactions": "quantity", "subscriptions": "mrr"}

TODAY = AS_OF + timedelta(days=200)
"""By then every row is known: the snapshot holds what the as_ofs must not see."""


def company(seeds: Sequence[int] = SEEDS, rows: int = 25) -> Raw:
    """Return one company made of several random histories, its rows as the contract reads them.

    A source cannot say that a row is never known, nor that a filled late value is not, nor what words will be read as
    (see tests/flows/test_protected.py for those). Every sixth contract line and
    interaction has a twin that differs from it in an amount alone.
    """
    merged: Raw = {}
    for seed in seeds:
        for table, found in random_raw(seed, rows=rows).items():
            merged.setdefault(table, []).extend({**row, "account_id": f"{row['account_id']}-{seed}"} for row in found)
    for table, found in merged.items():
        columns = dict.fromkeys(name for row in found for name in row)
        read = [_read(table, {name: row.get(name) for name in columns}) for row in found]
        twins = [_twin(table, row, number) for number, row in enumerate(read[::6])] if table in _AMOUNTS else []
        merged[table] = [*read, *twins]
    return {table: [row for row in found if not _rejected(row)] for table, found in merged.items()}


def _read(table: str, row: Row) -> Row:
    contract = TABLES[table]
    made = {column.name for column in contract.columns if column.read_from is not None}
    told = {name: value for name, value in row.items() if name not in made}
    told["known_at"] = row.get("known_at") or row[contract.occurred or ""]
    for column in contract.columns:
        if column.late and column.name in row:
            chain = (row.get(name) for name in (column.name + KNOWN, *column.late))
            told[column.name + KNOWN] = next((known for known in chain if known is not None), None)
    return told


def _twin(table: str, row: Row, number: int) -> Row:
    amount = _AMOUNTS[table]
    return {**row, amount: (row[amount] or 0) + 10_000 * (1 + number)}


def _rejected(row: Row) -> bool:
    """Whether the contract has no place for the row: a correction may have moved an end before its start."""
    return row.get("ended_at") is not None and row["ended_at"] < row["started_at"]


@dataclass(frozen=True)
class Built:
    """What an engine made of a company."""

    snapshot: Snapshot
    features: tuple[Feature, ...]
    frame: pd.DataFrame
    """One row per as_of and account seen, as `features.engine.build_features` returns them."""


def build(raw: Raw, folder: Path, engine: dict[str, Any], as_ofs: Sequence[date] = AS_OFS) -> Built:
    """Write the rows as source files in `folder`, and return the features that `[engine]` makes of them."""
    settings = _written(raw, folder, engine)
    snapshot = take_snapshot(settings, TODAY)
    for table, counts in snapshot.counts.items():
        if counts.rows_used != len(raw[table]):
            raise ValueError(f"{table}: {counts} of {len(raw[table])} rows")
    features = features_for(snapshot.columns, settings.accounts)
    built = build_to_disk(snapshot, as_ofs, features, folder / "features", workers_for(settings))
    frame = pd.concat([built.read(as_of) for as_of in sorted(as_ofs)], ignore_index=True)
    return Built(snapshot, features, frame)


def _written(raw: Raw, folder: Path, engine: dict[str, Any]) -> Settings:
    folder.mkdir(parents=True)
    tables = {}
    for table, rows in raw.items():
        pq.write_table(_as_source(arrow_table(table, rows)), folder / f"{table}.parquet")
        late = {name.removesuffix(KNOWN): name for name in rows[0] if name.endswith(KNOWN)}
        tables[table] = [{"source": str(folder / f"{table}.parquet"), "late": late}]
    given = {"name": "random", "state": str(folder / "state"), "tables": tables, "engine": engine}
    return parse(Settings, given, "random.toml")


def _as_source(table: pa.Table) -> pa.Table:
    """Return the table with numbers in units, as a firm keeps them."""
    for place, field in enumerate(table.schema):
        if field.type == pa.int64():
            units = [None if value is None else Decimal(value).scaleb(-4) for value in table.column(place).to_pylist()]
            table = table.set_column(place, field.name, pa.array(units, pa.decimal128(18, 4)))
    return table


def as_it_could_also_be(raw: Raw, as_of: date, kept: set[str]) -> Raw:
    """Return what the laws say is the same to the accounts in `kept` at `as_of`.

    Rows and late values that were not known yet are left out, the others' amounts and words are changed (their days
    are not: a table's first day is that of all accounts), and the rows stand in another order.
    """
    now = midnight(as_of)
    known = {table: [as_known(row, now) for row in rows if known_before(row, now)] for table, rows in raw.items()}
    changed = {
        table: [row if row["account_id"] in kept else _others(row) for row in rows] for table, rows in known.items()
    }
    return {table: Random(1).sample(rows, len(rows)) for table, rows in changed.items()}


def _others(row: Row) -> Row:
    changed = {name: row[name] * 3 + 70_000 for name in ("amount", "mrr", "quantity", "seats") if row.get(name)}
    return {**row, **changed, **({"kind": "login"} if "kind" in row else {})}


def kept_accounts(raw: Raw) -> set[str]:
    """Return every second account: neighbours of the others in every bucket that holds two."""
    return set(sorted({row["account_id"] for rows in raw.values() for row in rows})[::2])


def differences_of_kept(one: Built, other: Built, kept: set[str]) -> str | None:
    """Return where the features of the accounts in `kept` differ at AS_OF; those of the others must."""
    at = [built.frame[built.frame["as_of"] == pd.Timestamp(AS_OF)] for built in (one, other)]
    ours, theirs = (
        [frame[frame["account_id"].isin(kept) == yes].reset_index(drop=True) for frame in at] for yes in (True, False)
    )
    if difference(*theirs) is None:
        raise ValueError("nothing was changed")
    return difference(*ours)
