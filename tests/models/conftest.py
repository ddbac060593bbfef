"""Small hand-typed histories for the tests of targets, datasets and folds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from pipeline.history import History
from pipeline.tables import SCALE, TABLES, known_column

Make = Callable[..., History]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def known(text: str) -> datetime:
    """Return when a value so written is known: a timestamp at once, a day at the next midnight."""
    return moment(text) if "T" in text else moment(text) + timedelta(days=1)


def arrow(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    contract = TABLES[name]
    present = {"account_id", *(column for row in rows for column in row)} - {"known_at"}
    data: dict[str, pa.Array] = {}
    for column in (column for column in contract.columns if column.name in present):
        values = [row.get(column.name, "a" if column.name == "account_id" else None) for row in rows]
        if column.kind == "time":
            data[column.name] = pa.array([v and moment(v) for v in values], pa.timestamp("us"))
        elif column.kind in ("money", "number"):
            data[column.name] = pa.array([None if v is None else round(v * SCALE) for v in values], pa.int64())
        else:
            data[column.name] = pa.array(values, pa.string())
        if column.late:
            tells = [next((row[by] for by in column.late if row.get(by)), None) for row in rows]
            data[known_column(column.name)] = pa.array([v and known(v) for v in tells], pa.timestamp("us"))
    occurred = contract.occurred or ""
    data["known_at"] = pa.array(
        [moment(row["known_at"]) if "known_at" in row else row.get(occurred) and known(row[occurred]) for row in rows],
        pa.timestamp("us"),
    )
    return pa.table(data)


@pytest.fixture(scope="session")
def history_of() -> Make:
    """Make a history of contract rows: `history_of(invoices=[{"issued_at": "2025-03-01", "amount": 10.0}])`.

    `account_id` is "a" unless given. Days are written 2025-03-01 and known at the next midnight, instants
    2025-03-01T10:00 and known at once, unless `known_at` says otherwise.
    """
    return lambda **tables: History({name: arrow(name, rows) for name, rows in tables.items()})
