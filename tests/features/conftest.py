"""Small hand-typed histories for the tests of features."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from features.catalogue import features_for
from features.engine import build_features
from pipeline.history import History
from pipeline.settings import AccountSettings
from pipeline.tables import SCALE, TABLES, known_column

Figures = Callable[..., dict[str, Any]]
MakeHistory = Callable[..., History]


def instant_of(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def known_of(text: str | None) -> datetime | None:
    """Return when a value so written is known: a timestamp at once, a day ("2025-01-31") at the next midnight."""
    instant = instant_of(text)
    return instant + timedelta(days=1) if instant is not None and len(text or "") == 10 else instant


def _table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    contract = TABLES[name]
    names = dict.fromkeys(column for row in rows for column in row if column != "known_at")
    columns: dict[str, pa.Array] = {}
    for column in names:
        values = [row.get(column) for row in rows]
        kind = contract.by_name[column].kind if column in contract.by_name else "text"
        if kind == "time":
            columns[column] = pa.array([instant_of(value) for value in values], pa.timestamp("us"))
        elif kind in ("money", "number"):
            numbers = [None if value is None else round(value * SCALE) for value in values]
            columns[column] = pa.array(numbers, pa.int64())
        else:
            columns[column] = pa.array(values, pa.bool_() if kind == "flag" else pa.string())
    for column in contract.columns:
        if column.late and column.name in names:
            known = [next((known_of(row[c]) for c in column.late if row.get(c)), None) for row in rows]
            columns[known_column(column.name)] = pa.array(known, pa.timestamp("us"))
    if name != "accounts" or any("known_at" in row for row in rows):
        known = [known_of(row.get("known_at", row.get(contract.occurred or ""))) for row in rows]
        columns["known_at"] = pa.array(known, pa.timestamp("us"))
    return pa.table(columns)


def _history(constant: tuple[str, ...] = (), **tables: list[dict[str, Any]]) -> History:
    filled = {name: [{"account_id": "a", **row} for row in rows] for name, rows in tables.items()}
    return History({name: _table(name, rows) for name, rows in filled.items()}, constant=constant)


@pytest.fixture
def make_history() -> MakeHistory:
    """Make a history of rows typed as {column: value}: times as text, money in units; account "a" if not said."""
    return _history


@pytest.fixture
def figures() -> Figures:
    """Return the features of account "a" (or `account`) at `as_of`, by name, from rows as `make_history` takes them."""

    def build(as_of: str, account: str = "a", settings: AccountSettings | None = None, **tables: Any) -> dict[str, Any]:
        settings = settings or AccountSettings()
        history = _history(settings.constant, **tables)
        present = {name: tuple({column for row in rows for column in row}) for name, rows in tables.items()}
        frame = build_features(history, [date.fromisoformat(as_of)], features_for(present, settings))
        rows = frame[frame["account_id"] == account].to_dict("records")
        return rows[0] if rows else {}

    return build
