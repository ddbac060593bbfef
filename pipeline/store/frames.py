"""Frames to table rows and back: which columns a list and its scores have, and how a blank is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from pipeline.errors import StoreError, nearest
from pipeline.store.schema import ROWS, SCORES

SECTIONS = ("call", "leaving", "too_new")
"""Sections of a list, in the order it shows them; only `call` rows have a rank."""

ROW_COLUMNS = tuple(column.name for column in ROWS.columns if column.name != "sequence")
SCORE_COLUMNS = tuple(column.name for column in SCORES.columns if column.name != "sequence")

_OPTIONAL = {"name", "team", "band", "observed_rate", "observed_low", "observed_high", "play", "change"} | {
    "previous_probability",
    "manager_rank",
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
    """Return rows of the store as a frame of ROW_COLUMNS, in order."""
    frame = pd.DataFrame([tuple(row) for row in found], columns=list(ROW_COLUMNS))
    for name in ("rank", "manager_rank"):
        frame[name] = frame[name].astype("Int64")
    numbers = ["probability", "observed_rate", "observed_low", "observed_high", "value_at_stake", "expected_value"]
    for name in (*numbers, "previous_probability"):
        frame[name] = frame[name].astype("float64")
    return in_order(frame)


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a list as people read them: to call, by rank, then leaving and too new by account id."""
    section = rows["section"].map(SECTIONS.index)
    keys = pd.DataFrame({"section": section, "rank": rows["rank"], "account": rows["account_id"]})
    return rows.loc[keys.sort_values(["section", "rank", "account"]).index].reset_index(drop=True)


def score_frame(found: Sequence[Sequence[Any]], columns: Sequence[str] = SCORE_COLUMNS) -> pd.DataFrame:
    """Return scores of the store as a frame."""
    frame = pd.DataFrame([tuple(row) for row in found], columns=list(columns))
    numbers = ["probability", "value_at_stake", "expected_value"]
    return frame.astype(dict.fromkeys(numbers, "float64"))


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
    filled = [_cells(frame[name]) if name in frame else [None] * len(frame) for name in columns]
    return [dict(zip(columns, values, strict=True)) for values in zip(*filled, strict=True)]


def _cells(column: pd.Series) -> list[Any]:
    if column.name in ("rank", "manager_rank"):
        column = column.astype("Int64")
    return column.astype(object).where(column.notna(), None).tolist()
