"""What a snapshot says of accounts beside their history: the attributes that lists show, and who is excluded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa

from pipeline.history import History

DISPLAY = ("name", "account_manager", "team", "segment", "country")
"""The attributes of an account that lists show."""

NO_REASON = "no reason given"
"""What stands for an exclusion's reason that nobody filled in."""


def display(ids: Iterable[str], accounts: pa.Table | None, as_of: date) -> pd.DataFrame:
    """Return one row per id with account_id and `DISPLAY`, None where not known.

    `accounts` are the rows of these accounts, in canonical order: with `known_at` they are shown as they were known
    at `as_of`, else as they are today.
    """
    frame = pd.DataFrame({"account_id": list(ids)}, dtype=object)
    present = [] if accounts is None else [name for name in DISPLAY if name in accounts.column_names]
    if accounts is not None and present:
        if "known_at" in accounts.column_names:
            shown = _as_known(accounts, present, as_of)
        else:
            shown = accounts.select(["account_id", *present]).to_pandas().drop_duplicates("account_id", keep="last")
        frame = frame.merge(shown, on="account_id", how="left")
    return frame.reindex(columns=["account_id", *DISPLAY])


def _as_known(accounts: pa.Table, columns: list[str], as_of: date) -> pd.DataFrame:
    """Return the attributes of the accounts known at `as_of`, one row per account."""
    view = History({"accounts": accounts}).upto(as_of)
    rows = view.tables["accounts"]
    shown: dict[str, Any] = {"account_id": view.accounts[rows.account]}
    for name in columns:
        texts = [*rows.categories.get(name, ()), None]
        # A null is MISSING, a negative position: clip it to the last entry, which is None.
        shown[name] = [texts[position] if position >= 0 else None for position in rows.columns[name]]
    return pd.DataFrame(shown, dtype=object)


def excluded(exclusions: Iterable[Mapping[str, Any]], as_of: date) -> pd.DataFrame:
    """Return account_id and reason of the exclusions in force in the day of `as_of`; one row per account, by id.

    One that begins later in that day counts already: the day's list would still be worked then.
    """
    reasons: dict[str, set[str]] = {}
    day, next_day = pd.Timestamp(as_of), pd.Timestamp(as_of + timedelta(days=1))
    for row in exclusions:
        begins, ends = row.get("from"), row.get("until")
        if (begins is None or begins < next_day) and (ends is None or ends > day):
            reasons.setdefault(row["account_id"], set()).add(row.get("reason") or NO_REASON)
    rows = [(account, "; ".join(sorted(reasons[account]))) for account in sorted(reasons)]
    return pd.DataFrame(rows, columns=["account_id", "reason"], dtype=object)
