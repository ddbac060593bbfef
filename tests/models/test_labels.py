"""What holds for the labels of every kind: sections, shapes, and that nothing else looks ahead."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.targets import SECTIONS, Target, cohort, declare, label, notices_of
from models.targets.labelling import young
from pipeline.errors import AsOfError
from pipeline.history import History, Rows
from pipeline.settings import Settings, parse

Make = Callable[..., History]
AS_OF = date(2025, 3, 1)
LATER = date(2026, 1, 1)
KINDS = [("churn", "contract"), ("churn", "inactivity"), ("upsell", "contract"), ("upsell", "spend")]


def declared(kind: str, by: str, **keys: Any) -> Target:
    data = {"name": "test", "tables": {"invoices": [{"source": "x"}]}}
    targets = {"target": {"kind": kind, "by": by, "horizon": 60, **keys}}
    return declare(parse(Settings, data | {"targets": targets}, "test.toml"))["target"]


@pytest.mark.parametrize(("kind", "by"), KINDS)
@pytest.mark.parametrize(
    ("first", "section"),
    [("2025-01-30T00:00", "cohort"), ("2025-01-30T00:00:01", "too_new"), ("2025-02-20T00:00", "too_new")],
)
def test_accounts_with_less_than_30_days_of_history_are_too_new(
    kind: str, by: str, first: str, section: str, history_of: Make
) -> None:
    history = history_of(
        invoices=[{"issued_at": "2025-02-25", "amount": 10}, {"issued_at": first, "amount": 10}],
        subscriptions=[{"started_at": "2025-02-25", "mrr": 10}],
    )
    found = label(declared(kind, by), history, [AS_OF], LATER)
    assert found["section"].tolist() == [section]
    assert np.isnan(found["label"]).tolist() == [section == "too_new"]


@pytest.mark.parametrize(
    ("opened_at", "section"), [("2024-06-01", "cohort"), (None, "too_new"), ("2025-02-27", "too_new")]
)
def test_tenure_begins_with_the_earlier_of_opening_and_first_row(
    opened_at: str | None, section: str, history_of: Make
) -> None:
    history = history_of(
        accounts=[{"opened_at": opened_at, "known_at": "2025-02-01"}],
        invoices=[{"issued_at": "2025-02-20", "amount": 10}],
    )
    assert cohort(declared("upsell", "spend"), history.upto(AS_OF))["section"].tolist() == [section]


class Watched(dict[str, Rows]):
    """Tables that remember which of them were looked at."""

    def __init__(self, tables: Mapping[str, Rows]) -> None:
        super().__init__({name: tables[name] for name in tables})
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Rows:
        self.read.add(name)
        return super().__getitem__(name)


@pytest.mark.parametrize(
    ("opened", "section", "read"),
    [
        ("2024-01-01", "cohort", {"accounts"}),
        ("2025-02-20", "cohort", {"accounts", "invoices", "interactions"}),
        ("2025-02-25", "too_new", {"accounts", "invoices", "interactions"}),
    ],
)
def test_tables_are_looked_at_as_long_as_they_may_still_tell_that_an_account_is_old(
    opened: str, section: str, read: set[str], history_of: Make
) -> None:
    """An account whose first interaction came 30 days before, on the second line, is no longer too new."""
    spoke = "2025-01-30" if section == "cohort" else "2025-01-31"
    history = history_of(
        accounts=[{"opened_at": opened}],
        invoices=[{"issued_at": "2025-02-22", "amount": 10.0}],
        interactions=[{"occurred_at": spoke, "kind": "call"}],
    )
    view = history.upto(date(2025, 3, 1))
    assert view.seen.all()
    watched = Watched(view.tables)
    target = declared("churn", "inactivity")
    told = young(replace(view, tables=watched), np.ones(1, dtype=bool), target)
    assert (told.tolist(), watched.read) == ([section == "too_new"], read)
    assert cohort(target, view)["section"].tolist() == [section]


def test_a_meeting_booked_ahead_is_no_history(history_of: Make) -> None:
    history = history_of(
        invoices=[{"issued_at": "2025-02-20", "amount": 10}],
        interactions=[{"occurred_at": "2025-06-01", "kind": "meeting", "known_at": "2025-02-01"}],
    )
    assert cohort(declared("upsell", "spend"), history.upto(AS_OF))["section"].tolist() == ["too_new"]


def test_history_that_became_known_later_does_not_make_an_account_older(history_of: Make) -> None:
    history = history_of(
        invoices=[
            {"issued_at": "2025-02-20", "amount": 10},
            {"issued_at": "2024-02-20", "amount": 10, "known_at": "2025-03-02"},
        ]
    )
    assert cohort(declared("upsell", "spend"), history.upto(AS_OF))["section"].tolist() == ["too_new"]


def test_new_accounts_outside_and_leaving_keep_their_section(history_of: Make) -> None:
    lines = {
        "cohort": ("2024-02-20", None, None),
        "leaving": ("2025-02-20", "2025-08-01", "2025-02-25"),
        "outside": ("2025-02-20", "2025-02-25", "2025-02-21"),
        "too_new": ("2025-02-20", None, None),
    }
    history = history_of(
        subscriptions=[
            {"account_id": account, "started_at": start, "mrr": 1, "ended_at": end, "end_known_at": notice}
            for account, (start, end, notice) in lines.items()
        ]
    )
    found = cohort(declared("churn", "contract"), history.upto(AS_OF))
    assert found["section"].tolist() == found["account_id"].tolist() == sorted(SECTIONS)


def test_rows_come_by_as_of_then_account_with_accounts_seen_only(history_of: Make) -> None:
    history = history_of(
        invoices=[
            {"account_id": "b", "issued_at": "2025-01-10", "amount": 10},
            {"account_id": "a", "issued_at": "2025-02-10", "amount": 20},
            {"account_id": "b", "issued_at": "2025-02-15", "amount": 10},
            {"account_id": "c", "issued_at": "2025-06-10", "amount": 30},
        ]
    )
    target = declared("churn", "inactivity", min_history_days=0)
    found = label(target, history, [date(2025, 3, 1), date(2025, 2, 1), date(2025, 3, 1)], LATER)
    assert list(found.columns) == [
        "account_id", "as_of", "section", "label", "base", "value_at_stake", "realised", "event_after", "seen_days",
        "waited",
    ]  # fmt: skip
    assert [f"{row.as_of:%m-%d} {row.account_id}" for row in found.itertuples()] == ["02-01 b", "03-01 a", "03-01 b"]
    assert str(found["as_of"].dtype) == "datetime64[us]"
    assert found["label"].tolist() == [0.0, 1.0, 1.0]


def test_a_label_needs_an_as_of(history_of: Make) -> None:
    history = history_of(invoices=[{"issued_at": "2025-01-10", "amount": 10}])
    with pytest.raises(AsOfError, match="target 'target' has no as_of to label"):
        label(declared("churn", "inactivity"), history, [], LATER)


@pytest.mark.parametrize(("kind", "by"), KINDS)
def test_one_open_window_refuses_them_all(kind: str, by: str, history_of: Make) -> None:
    history = history_of(
        invoices=[{"issued_at": "2025-01-10", "amount": 10}], subscriptions=[{"started_at": "2025-01-10", "mrr": 1}]
    )
    target = declared(kind, by, settle_days=0)
    with pytest.raises(AsOfError, match="cannot be labelled at as_of 2025-03-02"):
        label(target, history, [date(2025, 2, 1), date(2025, 3, 2)], date(2025, 4, 30))
    assert len(label(target, history, [date(2025, 2, 1), date(2025, 3, 1)], date(2025, 4, 30))) == 2


@pytest.mark.parametrize(("kind", "by"), KINDS)
def test_the_cohort_is_what_as_of_saw_whatever_came_after(kind: str, by: str, history_of: Make) -> None:
    invoices = [{"issued_at": "2025-01-10", "amount": 10}, {"issued_at": "2025-02-10", "amount": 10}]
    subscriptions = [{"started_at": "2025-01-10", "mrr": 10, "ended_at": None}]
    later_invoices = [{"issued_at": "2025-02-11", "amount": 99, "known_at": "2025-03-01"}]
    later_subscriptions = [{"started_at": "2025-01-10", "mrr": 99, "ended_at": "2025-02-01", "known_at": "2025-03-01"}]
    target = declared(kind, by)
    before = history_of(invoices=invoices, subscriptions=subscriptions)
    after = history_of(invoices=invoices + later_invoices, subscriptions=subscriptions + later_subscriptions)
    columns = ["section", "base", "value_at_stake"]
    views = [cohort(target, history.upto(AS_OF))[columns].fillna(-1).to_numpy().tolist() for history in (before, after)]
    assert views[0] == views[1]
    labelled = label(target, after, [AS_OF], LATER)[columns].fillna(-1).to_numpy().tolist()
    assert labelled == views[0]


@pytest.mark.parametrize(("kind", "by"), KINDS[1:])
def test_other_kinds_tell_no_notices(kind: str, by: str, history_of: Make) -> None:
    history = history_of(
        invoices=[{"issued_at": "2025-01-10", "amount": 10}], subscriptions=[{"started_at": "2025-01-10", "mrr": 1}]
    )
    target = declared(kind, by)
    assert len(notices_of(target, history, LATER)) == 0
    target.check(notices_of(target, history, LATER))


def test_nothing_else_looks_ahead(root: Path) -> None:
    files = [file for package in ("pipeline", "features", "models", "flows") for file in (root / package).rglob("*.py")]
    opening = {file.relative_to(root).as_posix() for file in files if re.search(r"\.known_by\(", file.read_text())}
    assert opening == {"models/targets/labelling.py"}
