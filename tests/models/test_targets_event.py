"""Events, told as a table of small histories judged at as_of 2025-03-01; the window is March, `[03-01, 04-01)`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest

from models.targets import Target, declare, label
from pipeline.errors import SettingsError, TrainingRefused
from pipeline.history import History
from pipeline.settings import Settings, parse

Make = Callable[..., History]
AS_OF = date(2025, 3, 1)
CLOSED = date(2025, 4, 1)
EVERYTHING = ("interactions", "invoices", "subscriptions")


def declared(*tables: str, **keys: Any) -> Target:
    data = {
        "name": "test",
        "tables": {table: [{"source": "x"}] for table in tables or EVERYTHING},
        "targets": {"target": {"kind": "event", "event": "escalation", "horizon": 31, "min_history_days": 0, **keys}},
    }
    return declare(parse(Settings, data, "test.toml"))["target"]


def interactions(text: str) -> list[dict[str, Any]]:
    """Return the interactions written as "KIND on DAY known DAY cancelled DAY id NAME; ..."."""
    columns = {"on": "occurred_at", "known": "known_at", "cancelled": "cancelled_at", "id": "interaction_id"}
    rows = []
    for written in text.split("; "):
        kind, *words = written.split()
        told = {columns[word]: value for word, value in zip(words[::2], words[1::2], strict=True)}
        rows.append({"kind": kind, "interaction_id": None, "cancelled_at": None, **told})
    return rows


OPEN = [{"started_at": "2024-01-01", "mrr": 100.0}]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("login on 2025-03-10", 0),
        ("escalation on 2025-03-10", 1),
        ("escalation on 2025-03-10; escalation on 2025-03-20", 1),
        # The window `[2025-03-01, 2025-04-01)`.
        ("escalation on 2025-02-28", 0),
        ("escalation on 2025-03-01", 1),
        ("escalation on 2025-03-31T23:59:59.999999", 1),
        ("escalation on 2025-04-01T00:00", 0),
        # Known late: in time for the label, or not.
        ("escalation on 2025-03-10 known 2025-04-01", 1),
        ("escalation on 2025-03-10 known 2025-04-01T00:00:01", 0),
        # Booked before as_of, withdrawn, moved.
        ("escalation on 2025-03-10 known 2025-02-01", 1),
        ("escalation on 2025-03-10 known 2025-02-01 cancelled 2025-03-05", 0),
        ("escalation on 2025-03-10 known 2025-02-01 cancelled 2025-04-05", 1),
        ("escalation on 2025-03-10 id i; escalation on 2025-05-01 known 2025-03-20 id i", 0),
        ("escalation on 2025-03-10 id i; escalation on 2025-05-01 known 2025-04-20 id i", 1),
        # One before as_of keeps nobody out of the cohort.
        ("escalation on 2025-01-10; escalation on 2025-03-10", 1),
        ("escalation on 2025-01-10; login on 2025-03-10", 0),
    ],
)
def test_the_label_is_an_event_in_the_window(rows: str, expected: int, history_of: Make) -> None:
    history = history_of(subscriptions=OPEN, interactions=interactions(rows))
    (row,) = label(declared(), history, [AS_OF], CLOSED).to_dict("records")
    assert (row["section"], row["label"], row["base"]) == ("cohort", expected, 100)
    assert (row["value_at_stake"], row["realised"]) == (1200, 1200 * expected)


@pytest.mark.parametrize(
    ("lines", "section"),
    [
        ([{"started_at": "2024-01-01", "mrr": 0.0}], "outside"),
        ([{"started_at": "2024-01-01", "mrr": 5.0, "ended_at": "2025-02-01"}], "outside"),
        ([{"started_at": "2024-01-01", "mrr": 5.0, "ended_at": "2025-03-15"}], "cohort"),
        ([{"started_at": "2025-03-02", "mrr": 5.0, "known_at": "2025-02-01"}], "outside"),
    ],
)
def test_with_contracts_the_cohort_pays(lines: list[dict[str, Any]], section: str, history_of: Make) -> None:
    history = history_of(subscriptions=lines, interactions=interactions("escalation on 2025-03-10"))
    (row,) = label(declared(), history, [AS_OF], CLOSED).to_dict("records")
    assert row["section"] == section
    assert np.isnan(row["label"]) == (section == "outside")


@pytest.mark.parametrize(
    ("rows", "section"),
    [
        ("login on 2025-01-30", "cohort"),  # 30 days before as_of
        ("login on 2025-01-29", "outside"),
        ("login on 2025-02-28T23:59", "cohort"),
        ("login on 2025-03-10 known 2025-02-01", "outside"),  # booked, not happened
        ("login on 2025-01-01; login on 2025-02-10 cancelled 2025-02-05 known 2025-01-15", "outside"),
    ],
)
def test_without_contracts_whoever_was_active_is_asked(rows: str, section: str, history_of: Make) -> None:
    target = declared("interactions", active_days=30, value=500)
    (row,) = label(target, history_of(interactions=interactions(rows)), [AS_OF], CLOSED).to_dict("records")
    assert (row["section"], row["value_at_stake"]) == (section, 500)


def test_invoices_are_activity_and_feedback_is_not(history_of: Make) -> None:
    target = declared("interactions", by="activity", active_days=30, value=500)
    old = interactions("login on 2024-06-01")
    billed = history_of(interactions=old, invoices=[{"issued_at": "2025-02-10", "amount": 5.0}])
    called = history_of(interactions=old, feedback=[{"occurred_at": "2025-02-10", "action": "called"}])
    found = [label(target, history, [AS_OF], CLOSED)["section"].tolist() for history in (billed, called)]
    assert found == [["cohort"], ["outside"]]


@pytest.mark.parametrize(
    ("billed", "stake"),
    [([("2024-03-01", 10.0), ("2025-02-20", 30.0)], 40), ([("2024-02-29", 10.0)], 0), ([("2025-01-01", -8.0)], 0)],
)
def test_what_is_at_stake_without_an_amount_is_a_years_spend(
    billed: list[tuple[str, float]], stake: float, history_of: Make
) -> None:
    invoices = [{"issued_at": day, "amount": amount} for day, amount in billed]
    history = history_of(interactions=interactions("login on 2025-02-10"), invoices=invoices)
    (row,) = label(declared("interactions", by="activity"), history, [AS_OF], CLOSED).to_dict("records")
    assert (row["section"], row["value_at_stake"]) == ("cohort", stake)


def test_a_gain_is_worth_the_amount_too(history_of: Make) -> None:
    target = declared(event="referral", risk=False, value=250)
    history = history_of(subscriptions=OPEN, interactions=interactions("referral on 2025-03-10"))
    (row,) = label(target, history, [AS_OF], CLOSED).to_dict("records")
    assert (target.risk, target.grows, row["value_at_stake"], row["realised"]) == (False, False, 250, 250)


def test_an_event_that_never_happened_is_nobodys(history_of: Make) -> None:
    history = history_of(subscriptions=OPEN, interactions=interactions("login on 2025-02-10"))
    assert label(declared(event="escalated"), history, [AS_OF], CLOSED)["label"].tolist() == [0.0]


def test_contracts_come_first_where_there_are_any() -> None:
    assert (declared().by, declared("interactions").by, declared(by="activity").by) == (
        "contract",
        "activity",
        "activity",
    )


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"event": ""}, r"event: .*at least 1 character"),
        ({"value": 0}, r"value\..*greater than 0"),
        ({"value": "spend"}, r"value\..*'mrr'"),
        ({"by": "activity", "value": "mrr"}, r"value\..*'spend'"),
        ({"by": "activity", "active_days": 0}, r"active_days: .*greater than or equal to 1"),
        ({"by": "inactivity"}, r"event cannot be judged by 'inactivity'"),
        ({"evnt": "x"}, r"unknown key 'evnt'; did you mean 'event'\?"),
        ({"risk": "no!"}, r"risk: .*boolean"),
    ],
)
def test_a_wrong_event_is_told_the_key(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        declared(**keys)


def test_the_event_has_to_be_named() -> None:
    data = {"name": "t", "tables": {"interactions": [{"source": "x"}]}, "targets": {"e": {"kind": "event"}}}
    with pytest.raises(SettingsError, match=r"targets\.e: missing key 'event'"):
        declare(parse(Settings, data, "test.toml"))


MAPPED = {"interactions": ("account_id", "occurred_at", "kind")}


@pytest.mark.parametrize(
    ("keys", "columns", "reason"),
    [
        ({"by": "activity", "value": 5}, MAPPED, None),
        ({"by": "activity"}, MAPPED | {"invoices": ("account_id", "issued_at", "amount")}, None),
        (
            {"by": "activity"},
            MAPPED,
            "needs the table invoices to tell the value at stake from, or `value`, an amount per account",
        ),
        (
            {"by": "contract"},
            MAPPED,
            "needs the table subscriptions, which is not among the tables present: interactions",
        ),
    ],
)
def test_an_event_whose_data_are_absent_says_why(
    keys: dict[str, Any], columns: dict[str, tuple[str, ...]], reason: str | None
) -> None:
    assert declared(**keys).available(columns) == reason


def test_an_event_tells_its_definition() -> None:
    target = declared(by="activity", active_days=30)
    assert dict(target.words) == {
        "cohort": "anything recorded in the last 30 days",
        "label": "an interaction of kind 'escalation' in the window of 31 days",
        "value": "net spend of the last 365 days",
    }
    assert dict(declared(value=50).words)["value"] == "50 per account"
    assert declared().plain() == {
        "name": "target",
        "kind": "event",
        "by": "contract",
        "event": "escalation",
        "risk": True,
        "value": "mrr",
        "horizon": 31,
        "gap": 0,
        "settle_days": 0,
        "min_history_days": 0,
    }
    assert target.lookback == 30


def test_labels_are_refused_while_the_window_is_open(history_of: Make) -> None:
    with pytest.raises(Exception, match="31 days later") as told:
        label(
            declared(),
            history_of(subscriptions=OPEN, interactions=interactions("login on 2025-02-10")),
            [AS_OF],
            date(2025, 3, 31),
        )
    assert not isinstance(told.value, TrainingRefused)
