"""Frames to table rows and back: which columns a list and its scores have, and how a blank is kept."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import Any

import pandas as pd
import sqlalchemy as sa

from pipeline.errors import StoreError, nearest
from pipeline.store.schema import ROWS, SCORES

SECTIONS = ("call", "leaving", "too_new")
"""Sections of a list, in the order it shows them; only `call` rows have a rank."""

ROW_COLUMNS = tuple(column.name for column in ROWS.columns if column.name != "sequence")
SCORE_COLUMNS = tuple(column.name for column in SCORES.columns if column.name != "sequence")

_RANKS = ("rank", "manager_rank")
_TYPES = {column.name: "float64" for column in ROWS.columns if isinstance(column.type, sa.Double)}
_TYPES |= dict.fromkeys(_RANKS, "Int64")

_OPTIONAL = {"name", "team", "band", "observed_rate", "observed_low", "observed_high", "play", "change"} | {
    "previous_probability",
    "manager_rank",
    "likely_month",
}


def list_records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a list, one dict each, blanks as None.

    Raises StoreError for missing or unknown columns, for an account listed twice and for unknown sections.
    """
    _check_columns(rows, ROW_COLUMNS, "the list's rows")
    _check_accounts(rows, "the list's rows")
    unknown = sorted(set(rows["section"]) - set(SECTIONS))
    if unknown:
        raise StoreError(f"the list's rows have the section {unknown[0]!r}; expected one of {', '.join(SECTIONS)}")
    return _records(rows, ROW_COLUMNS)


def score_records(scores: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the scores of all accounts, one dict each, blanks as None; raise StoreError as for a list's rows."""
    _check_columns(scores, SCORE_COLUMNS, "the scores")
    _check_accounts(scores, "the scores")
    return _records(scores, SCORE_COLUMNS)


def list_frame(found: Sequence[Sequence[Any]]) -> pd.DataFrame:
    """Return rows of the store as a frame of ROW_COLUMNS, in the order they come."""
    return _frame(found, ROW_COLUMNS)


def score_frame(found: Sequence[Sequence[Any]], columns: Sequence[str] = SCORE_COLUMNS) -> pd.DataFrame:
    """Return scores of the store as a frame, in the order they come."""
    return _frame(found, columns)


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a list as people read them: to call, by rank, then leaving and too new by account id."""
    sections, ranks, accounts = (cells(rows[name]) for name in ("section", "rank", "account_id"))
    keys = [
        (SECTIONS.index(section), 0 if rank is None else rank, account)
        for section, rank, account in zip(sections, ranks, accounts, strict=True)
    ]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return rows.iloc[order].reset_index(drop=True)


def cells(column: pd.Series) -> list[Any]:
    """Return a column as Python values, every kind of blank as None."""
    return [
        None if value is pd.NA or (isinstance(value, float) and isnan(value)) else value for value in column.tolist()
    ]


def _frame(found: Sequence[Sequence[Any]], columns: Sequence[str]) -> pd.DataFrame:
    values = zip(*found, strict=True) if found else [()] * len(columns)
    return pd.DataFrame(
        {
            name: pd.Series(list(part), dtype=_TYPES.get(name, object))
            for name, part in zip(columns, values, strict=True)
        }
    )


def _check_columns(frame: pd.DataFrame, expected: Sequence[str], what: str) -> None:
    missing = [name for name in expected if name not in frame and name not in _OPTIONAL]
    if missing:
        raise StoreError(f"{what} lack the column '{missing[0]}'; {nearest(missing[0], map(str, frame.columns))}")
    unknown = [str(name) for name in frame.columns if name not in expected]
    if unknown:
        raise StoreError(f"{what} have a column that is not kept, '{unknown[0]}'; {nearest(unknown[0], expected)}")


def _check_accounts(frame: pd.DataFrame, what: str) -> None:
    twice = frame["account_id"][frame["account_id"].duplicated()]
    if len(twice):
        raise StoreError(
            f"{what} hold account {twice.iloc[0]!r} more than once ({len(twice)} such rows); nothing was published"
        )


def _records(frame: pd.DataFrame, columns: Sequence[str]) -> list[dict[str, Any]]:
    whole = frame.astype({name: "Int64" for name in _RANKS if name in frame})
    filled = [cells(whole[name]) if name in whole else [None] * len(whole) for name in columns]
    return [dict(zip(columns, values, strict=True)) for values in zip(*filled, strict=True)]
