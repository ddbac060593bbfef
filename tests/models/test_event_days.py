"""On which day each kind of risk comes, and up to which day it would have been seen."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from models.targets import Target, declare, label
from pipeline.history import History
from pipeline.settings import Settings, parse

START = datetime.fromisoformat("2025-01-01")
AS_OF = date(2025, 3, 2)
"""Day 60 from START."""


def declared(**keys: object) -> Target:
    tables = {name: [{"source": f"{name}.csv"}] for name in ("subscriptions", "invoices", "interactions")}
    data = {"name": "t", "tables": tables, "targets": {"risk": {"min_history_days": 0, **keys}}}
    return declare(parse(Settings, data, "test.toml"))["risk"]


def times(days: list[float | None]) -> pa.Array:
    return pa.array([None if day is None else START + timedelta(days=day) for day in days], pa.timestamp("us"))


def invoices(days: list[float]) -> History:
    """One account billed 10 on these days from START."""
    columns = {
        "account_id": pa.array(["a"] * len(days)),
        "issued_at": times([*days]),
        "amount": pa.array([100_000] * len(days), pa.int64()),
        "known_at": times([*days]),
    }
    return History({"invoices": pa.table(columns)})


def told(target: Target, history: History, known_by: date) -> pd.Series:
    return label(target, history, [AS_OF], known_by).iloc[0]


INACTIVITY = declared(kind="churn", by="inactivity", horizon=30, active_days=60)


@pytest.mark.parametrize(
    ("days", "gap", "waited"),
    [
        ([50], 0, 1.0),  # silent for all of the window
        ([50, 60.5, 70], 0, 0.0),  # bought on the first day
        ([50, 75.9, 80], 0, 0.5),  # 15 whole days of 30
        ([50, 89.9], 0, 29 / 30),  # on the last day: not silent, so below 1
        ([50, 90], 0, 1.0),
        ([50, 61, 75], 10, 5 / 30),  # counted from the window's start, ten days after as_of
    ],
)
def test_share_of_the_window_in_silence_is_1_exactly_for_who_left(days: list[float], gap: int, waited: float) -> None:
    target = declared(kind="churn", by="inactivity", horizon=30, active_days=60, gap=gap)
    found = told(target, invoices(days), date(2025, 6, 1))
    assert found["waited"] == waited
    assert (found["waited"] == 1) == (found["label"] == 1)


def test_a_label_without_a_moment_that_makes_it_0_tells_no_share() -> None:
    target = declared(kind="upsell", by="spend", horizon=30)
    assert np.isnan(told(target, invoices([50, 70]), date(2025, 6, 1))["waited"])


@pytest.mark.parametrize(
    ("days", "after", "churned"),
    [
        ([50], 29, 1.0),  # silent from as_of on: the last of the 30 days
        ([50, 70], 40, 0.0),  # day 70, and 30 whole days without: 71 to 100, which is as_of + 40
        ([50, 70.5], 40, 0.0),
        ([50, 70, 95], 65, 0.0),
        ([50, 70, 100], 70, 0.0),  # 29 days without are not enough
        ([50, 70, 101], 40, 0.0),
        ([50, 60, 85, 110, 135, 160], None, 0.0),  # nothing was seen long enough after day 160
    ],
)
def test_inactivity_comes_at_the_end_of_the_first_days_without_an_invoice(
    days: list[float], after: int | None, churned: float
) -> None:
    found = told(INACTIVITY, invoices(days), known_by=AS_OF + timedelta(days=125))
    assert found["label"] == churned
    assert (None if np.isnan(found["event_after"]) else found["event_after"]) == after
    assert found["seen_days"] == 125


@given(st.lists(st.integers(61, 200), max_size=8), st.integers(30, 130))
@hypothesis_settings(max_examples=60, deadline=None)
def test_the_label_is_whether_the_event_came_within_the_horizon(days: list[int], known: int) -> None:
    history = invoices([50, *map(float, sorted(days))])
    found = told(INACTIVITY, history, known_by=AS_OF + timedelta(days=known))
    assert found["label"] == float(found["event_after"] < 30)
    # What becomes known later moves no event that was seen.
    later = told(INACTIVITY, history, known_by=AS_OF + timedelta(days=known + 40))
    if not np.isnan(found["event_after"]):
        assert later["event_after"] == found["event_after"]


def subscription(ended: int | None, notice: int | None) -> History:
    columns = {
        "account_id": pa.array(["a"]),
        "subscription_id": pa.array(["s"]),
        "started_at": times([0]),
        "mrr": pa.array([1_000_000], pa.int64()),
        "ended_at": times([ended]),
        "end_known_at": times([notice]),
        "known_at": times([0]),
        "ended_at__known": times([notice]),
        "end_known_at__known": times([notice]),
    }
    return History({"subscriptions": pa.table(columns)})


@pytest.mark.parametrize(("dated_by", "after"), [("notice", 40), ("end", 100)])
def test_a_contract_is_left_on_the_day_that_dated_by_says(dated_by: str, after: int) -> None:
    target = declared(kind="churn", by="contract", dated_by=dated_by, horizon=90)
    found = told(target, subscription(ended=160, notice=100), known_by=date(2026, 1, 1))
    assert (found["event_after"], found["label"]) == (after, float(after < 90))
    assert found["seen_days"] == (date(2026, 1, 1) - AS_OF).days - 30  # the days of grace


def test_what_may_still_be_taken_back_was_not_seen_yet() -> None:
    target = declared(kind="churn", by="contract", dated_by="end", horizon=30)
    found = told(target, subscription(ended=160, notice=100), known_by=AS_OF + timedelta(days=129))
    assert (found["seen_days"], np.isnan(found["event_after"])) == (99, True)


def test_an_event_comes_with_the_first_interaction_of_its_kind() -> None:
    columns = {
        "account_id": pa.array(["a"] * 4),
        "occurred_at": times([59, 59.5, 75.25, 70]),
        "kind": pa.array(["login", "escalation", "escalation", "login"]),
        "known_at": times([59, 59.5, 75.25, 70]),
    }
    history = History({"interactions": pa.table(columns)})
    keys: dict[str, object] = {"kind": "event", "by": "activity", "event": "escalation", "value": 100, "horizon": 15}
    found = told(declared(**keys), history, known_by=AS_OF + timedelta(days=60))
    assert (found["event_after"], found["label"], found["seen_days"]) == (15, 0.0, 60)
    assert declared(**keys).horizons == (30, 60, 90, 180, 365)
    assert declared(**keys, risk=False).horizons == ()
