"""What an exported list holds: its columns, and the rows of a run with the run's own facts beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipeline.store import RunRecord
from pipeline.store.frames import in_order

RATES = ("probability", "observed_rate", "observed_low", "observed_high", "previous_probability")
MONEY = ("value_at_stake", "expected_value")
RANKS = ("rank", "manager_rank")

COLUMNS = (
    "rank", "account_id", "name", "account_manager", "team", "section", "probability", "likely_month", "band",
    "observed_rate", "observed_low", "observed_high", "value_at_stake", "expected_value", "currency", "reasons", "play",
    "change", "previous_probability", "manager_rank", "target", "as_of", "run_id",
)  # fmt: skip
"""Columns of an exported list, the ones people read first."""

ADDED = {"likely_month": 2}
"""The form of the canonical CSV that first had a column; others were always there."""


def columns_of(run: RunRecord) -> tuple[str, ...]:
    """Return the columns of a run's canonical CSV: those of the form in which it was published, then and now."""
    return tuple(name for name in COLUMNS if ADDED.get(name, 1) <= (run.form or 1))


def readable(run: RunRecord, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in the list's order with the run's own facts beside them and reasons as lists of texts."""
    frame = in_order(rows)
    frame = frame.assign(**{name: None for name in ADDED if name not in frame})
    reasons = [[reason_text(reason) for reason in row] for row in frame["reasons"]]
    facts = {"target": run.target, "as_of": run.as_of, "run_id": run.run_id, "currency": run.currency}
    return frame.assign(reasons=pd.Series(reasons, index=frame.index, dtype=object), **facts)


def reason_text(reason: Any) -> str:
    """Return what a reason says, which is its `text` where it is more than a text."""
    return str(reason["text"] if isinstance(reason, Mapping) else reason)
