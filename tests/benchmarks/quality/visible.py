"""The firm's raw rows as far as a test date sees them, for contenders that make their own features."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from pipeline.asof import MISSING
from pipeline.history import Dated, History
from pipeline.tables import SCALE, TABLES

FROM, UNTIL = "visible_from", "visible_until"
EPOCH = date(1970, 1, 1)
FAR = pd.Timestamp("2262-01-01")
"""Stands for no end: the last day that nanoseconds can tell."""


def visible(histories: Iterable[History], test: date) -> dict[str, pd.DataFrame]:
    """Return per table the rows that any as_of up to `test` sees; nothing that became known later is told.

    account_id, the columns of the contract, `visible_from` and `visible_until` (the first and the last as_of that sees
    the row), and per late column `<name>_from` (the first as_of that sees its value). At an as_of T exactly the rows
    with `visible_from <= T <= visible_until` are visible, late values blank unless `<name>_from <= T`.
    """
    parts: dict[str, list[pd.DataFrame]] = {}
    for history in histories:
        stood = history.as_known(test)
        for name, dated in stood.dated().items():
            parts.setdefault(name, []).append(_frame(name, dated, history.accounts, (test - EPOCH).days))
    return {name: pd.concat(frames, ignore_index=True) for name, frames in parts.items()}


def _frame(name: str, dated: Dated, accounts: np.ndarray[Any, Any], day: int) -> pd.DataFrame:
    rows, kept = dated.rows, np.flatnonzero(dated.first <= day)
    made: dict[str, Any] = {
        "account_id": accounts[rows.account[kept]].astype(str),
        FROM: _days(dated.first[kept]),
        # What is superseded or gone only after the test date is not known by then.
        UNTIL: _days(np.where(dated.last[kept] >= day, np.iinfo(np.int32).max, dated.last[kept])),
    }
    for column in rows.columns:
        values, kind = rows.columns[column][kept], TABLES[name].by_name
        late = dated.late.get(column)
        if late is not None:
            made[f"{column}_from"] = _days(late[kept])
            values = np.where(late[kept] <= day, values, MISSING)
        made[column] = _readable(values, rows.categories.get(column), kind[column].kind if column in kind else "text")
    return pd.DataFrame(made)


def _readable(values: np.ndarray[Any, Any], texts: tuple[str, ...] | None, kind: str) -> Any:
    blank = values == MISSING
    if texts is not None:
        return pd.Categorical.from_codes(np.where(blank, -1, values), pd.Index(texts, dtype=str))
    if kind == "time":
        return pd.Series(pd.to_datetime(np.where(blank, 0, values), unit="us")).mask(blank)
    if kind == "flag":
        return pd.Series(values.astype(float)).mask(blank)
    return pd.Series(values / SCALE).mask(blank)


def _days(days: np.ndarray[Any, Any]) -> Any:
    """Return days since 1970 as timestamps; days that never come as the last one there is."""
    most = (FAR.date() - EPOCH).days
    return pd.to_datetime(np.minimum(days.astype(np.int64), most), unit="D")
