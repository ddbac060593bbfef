"""Churn and upsell by contract, told as a table of small histories.

All are judged at as_of 2025-03-01 with a horizon of 31 days: the window is March, `[2025-03-01, 2025-04-01)`. The grace
is 30 days, so that labels of churn may be used from 2025-05-01 on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models.targets import Target, cohort, declare, label, notices_of
from pipeline.errors import TrainingRefused
from pipeline.history import History
from pipeline.settings import Settings, parse

Make = Callable[..., History]
AS_OF = date(2025, 3, 1)
SETTLED = date(2025, 5, 1)


def declared(**keys: Any) -> Target:
    data = {"name": "test", "tables": {"subscriptions": [{"source": "x"}]}}
    settings = parse(Settings, data | {"targets": {"target": {"horizon": 31, **keys}}}, "test.toml")
    return declare(settings)["target"]


def churn(**keys: Any) -> Target:
    return declared(kind="churn", by="contract", **keys)


def upsell(**keys: Any) -> Target:
    return declared(kind="upsell", by="contract", **keys)


WORDS = {"from": "started_at", "until": "ended_at", "notice": "end_known_at", "known": "known_at", "void": "voided_at"}


def contract(text: str) -> list[dict[str, Any]]:
    """Return the contract lines written as "MRR from START until END notice DAY known DAY void DAY line ID; ..."."""
    rows = []
    for written in text.split("; "):
        mrr, *words = written.split()
        told = dict(zip(words[::2], words[1::2], strict=True))
        row = {"mrr": float(mrr), "subscription_id": told.pop("line", "s1"), "ended_at": None, "end_known_at": None}
        rows.append(row | {WORDS[word]: value for word, value in told.items()})
    return rows


@dataclass(frozen=True)
class Case:
    """Contract lines, the section and MRR at as_of, and the label (None: not asked)."""

    tells: str
    lines: str
    section: str
    mrr: float
    label: int | None


CHURN = (
    Case("an open contract stays", "100 from 2024-01-01", "cohort", 100, 0),
    Case("a contract yet to begin is outside", "100 from 2025-03-02 known 2025-01-01", "outside", 0, None),
    Case("a contract that ended before is outside", "100 from 2024-01-01 until 2025-02-01", "outside", 0, None),
    Case("a free line alone is outside", "0 from 2024-01-01", "outside", 0, None),
    Case("an end in the window", "100 from 2024-01-01 until 2025-03-15", "cohort", 100, 1),
    # Where the window begins and ends.
    Case("an end at the window's first instant", "100 from 2024-01-01 until 2025-03-01", "cohort", 100, 1),
    Case("an end a moment after it", "100 from 2024-01-01 until 2025-03-01T00:00:00.000001", "cohort", 100, 1),
    Case("an end at the window's last instant",
         "100 from 2024-01-01 until 2025-03-31T23:59:59.999999",
         "cohort", 100, 1),
    Case("a day-grained end on its last day", "100 from 2024-01-01 until 2025-03-31", "cohort", 100, 1),
    Case("an end at the instant after it", "100 from 2024-01-01 until 2025-04-01", "cohort", 100, 0),
    # Notice comes before the end.
    Case("notice in the window, end long after",
         "100 from 2024-01-01 until 2025-12-31 notice 2025-03-20",
         "cohort", 100, 1),
    Case("notice on the window's last day", "100 from 2024-01-01 until 2025-12-31 notice 2025-03-31", "cohort", 100, 1),
    Case("notice on the day after it", "100 from 2024-01-01 until 2025-12-31 notice 2025-04-01", "cohort", 100, 0),
    Case("notice and end in the window", "100 from 2024-01-01 until 2025-03-31 notice 2025-03-02", "cohort", 100, 1),
    Case("notice before as_of is leaving",
         "100 from 2024-01-01 until 2025-12-31 notice 2025-02-10",
         "leaving", 100, None),
    Case("notice at as_of itself is not yet visible",
         "100 from 2024-01-01 until 2025-12-31 notice 2025-03-01T00:00",
         "cohort", 100, 1),
    Case("notice of the day before is known at as_of, not before",
         "100 from 2024-01-01 until 2025-12-31 notice 2025-02-28",
         "cohort", 100, 1),
    Case("notice without an end ends nothing", "100 from 2024-01-01 notice 2025-03-10", "cohort", 100, 0),
    Case("notice recorded after the end does not put it off",
         "100 from 2024-01-01 until 2025-03-10 notice 2025-04-20",
         "cohort", 100, 1),
    # Several lines.
    Case("one of two lines ends: a downsell",
         "100 from 2024-01-01; 50 from 2024-01-01 until 2025-03-15 line s2",
         "cohort", 150, 0),
    Case("one of two ends is known: not leaving",
         "100 from 2024-01-01; 50 from 2024-01-01 until 2025-06-30 notice 2025-02-01 line s2",
         "cohort", 150, 0),
    Case("both ends are known: leaving",
         "100 from 2024-01-01 until 2025-05-31 notice 2025-01-10; "
         "50 from 2024-01-01 until 2025-06-30 notice 2025-02-01 line s2",
         "leaving", 150, None),
    Case("the second notice decides",
         "100 from 2024-01-01 until 2025-12-31 notice 2025-01-10; "
         "50 from 2024-01-01 until 2025-06-30 notice 2025-03-20 line s2",
         "cohort", 150, 1),
    Case("the second notice comes too late",
         "100 from 2024-01-01 until 2025-12-31 notice 2025-01-10; "
         "50 from 2024-01-01 until 2025-06-30 notice 2025-04-02 line s2",
         "cohort", 150, 0),
    Case("a lower price is no churn", "100 from 2024-01-01; 10 from 2025-03-10", "cohort", 100, 0),
    Case("a version at 0 is churn", "100 from 2024-01-01; 0 from 2025-03-10", "cohort", 100, 1),
    Case("a version at 0 booked ahead is leaving",
         "100 from 2024-01-01; 0 from 2025-06-01 known 2025-02-01",
         "leaving", 100, None),
    Case("notice of a later version counts, not the change of version",
         "100 from 2024-01-01; 120 from 2025-04-15 until 2025-12-31 notice 2025-03-05 known 2025-01-01",
         "cohort", 100, 1),
    # Starting again.
    Case("starts again within the grace", "100 from 2024-01-01 until 2025-03-15; 80 from 2025-04-13", "cohort", 100, 0),
    Case("starts again a moment before it is over",
         "100 from 2024-01-01 until 2025-03-15; 80 from 2025-04-13T23:59:59",
         "cohort", 100, 0),
    Case("starts again when it is over", "100 from 2024-01-01 until 2025-03-15; 80 from 2025-04-14", "cohort", 100, 1),
    Case("starts again under another id",
         "100 from 2024-01-01 until 2025-03-15; 80 from 2025-03-20 line s2",
         "cohort", 100, 0),
    Case("starts again for nothing", "100 from 2024-01-01 until 2025-03-15; 0 from 2025-03-20", "cohort", 100, 1),
    Case("two short gaps, then no more",
         "100 from 2024-01-01 until 2025-03-05; "
         "100 from 2025-03-10 until 2025-03-15; "
         "100 from 2025-03-20 until 2025-03-25",
         "cohort", 100, 1),
    Case("in a gap at as_of nothing is at stake",
         "100 from 2024-01-01 until 2025-02-20; 80 from 2025-03-05",
         "outside", 0, None),
    Case("an end and a new start both known are no termination",
         "100 from 2024-01-01 until 2025-06-01 notice 2025-01-01; 100 from 2025-06-20 known 2025-02-01",
         "cohort", 100, 0),
    Case("a known new start after the grace is one",
         "100 from 2024-01-01 until 2025-06-01 notice 2025-01-01; 100 from 2025-07-15 known 2025-02-01",
         "leaving", 100, None),
    Case("left and came back long before", "100 from 2023-01-01 until 2023-06-01; 80 from 2024-01-01", "cohort", 80, 0),
    # Corrections and late rows.
    Case("notice withdrawn before as_of",
         "100 from 2024-01-01 until 2025-12-31 notice 2025-01-10 known 2024-01-02; "
         "100 from 2024-01-01 known 2025-02-10",
         "cohort", 100, 0),
    Case("notice withdrawn after as_of",
         "100 from 2024-01-01 until 2025-12-31 notice 2025-01-10 known 2024-01-02; "
         "100 from 2024-01-01 known 2025-03-10",
         "leaving", 100, None),
    Case("a correction moves the end out of the window",
         "100 from 2024-01-01 until 2025-03-15 known 2024-01-02; 100 from 2024-01-01 until 2025-04-15 known 2025-04-20",
         "cohort", 100, 0),
    Case("a correction not known when labels are taken",
         "100 from 2024-01-01 until 2025-03-15 known 2024-01-02; 100 from 2024-01-01 until 2025-04-15 known 2025-05-02",
         "cohort", 100, 1),
    Case("an end before as_of that is told in the window",
         "100 from 2024-01-01 known 2024-01-02; 100 from 2024-01-01 until 2025-02-10 known 2025-03-10",
         "cohort", 100, 1),
    Case("withdrawn as an error before as_of",
         "100 from 2024-01-01 void 2025-02-10; 50 from 2024-01-01 line s2",
         "cohort", 50, 0),
    Case("withdrawn as an error afterwards: it never paid", "100 from 2024-01-01 void 2025-04-10", "cohort", 100, 1),
    Case("the start corrected by a few days",
         "100 from 2025-01-15 known 2025-01-16 void 2025-04-10; 100 from 2025-03-20 line s2",
         "cohort", 100, 0),
)  # fmt: skip


@pytest.mark.parametrize("case", CHURN, ids=lambda case: case.tells)
def test_churn(case: Case, history_of: Make) -> None:
    history = history_of(subscriptions=contract(case.lines))
    (found,) = label(churn(min_history_days=0), history, [AS_OF], SETTLED).to_dict("records")
    assert (found["section"], found["base"], found["value_at_stake"]) == (case.section, case.mrr, 12 * case.mrr)
    assert (None if np.isnan(found["label"]) else found["label"]) == case.label
    assert (None if np.isnan(found["realised"]) else found["realised"]) == (
        None if case.label is None else case.label * 12 * case.mrr
    )


@pytest.mark.parametrize(
    ("lines", "by_notice", "by_end"),
    [
        ("100 from 2024-01-01 until 2025-12-31 notice 2025-03-20", 1, 0),  # decided in March, pays until December
        ("100 from 2024-01-01 until 2025-03-20 notice 2025-03-10", 1, 1),
        ("100 from 2024-01-01 until 2025-03-20", 1, 1),
        ("100 from 2024-01-01 until 2025-04-01", 0, 0),
        ("100 from 2024-01-01 until 2025-03-20; 100 from 2025-04-01", 0, 0),  # starts again within the grace
    ],
)
def test_dated_by(lines: str, by_notice: int, by_end: int, history_of: Make) -> None:
    history = history_of(subscriptions=contract(lines))
    labels = [label(churn(dated_by=by), history, [AS_OF], SETTLED)["label"].tolist() for by in ("notice", "end")]
    assert labels == [[by_notice], [by_end]]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("100 from 2024-01-01 until 2025-03-05", 1),  # ends in the gap, and pays nothing in the window
        ("100 from 2024-01-01 until 2025-03-05; 100 from 2025-04-10", 1),  # ... nor in its first days
        ("100 from 2024-01-01 until 2025-12-31 notice 2025-03-05", 1),  # decides in the gap
        ("100 from 2024-01-01 until 2025-04-10", 1),
        ("100 from 2024-01-01 until 2025-04-11", 0),
        ("100 from 2024-01-01 until 2025-03-01T06:00; 100 from 2025-04-01", 0),  # back before the window begins
    ],
)
def test_a_gap_moves_the_window(lines: str, expected: int, history_of: Make) -> None:
    # The gap is March, the window `[2025-04-01, 2025-04-11)`.
    target = churn(gap=31, horizon=10)
    found = label(target, history_of(subscriptions=contract(lines)), [AS_OF], date(2025, 5, 11))
    assert found["label"].tolist() == [expected]


def test_leaving_accounts_say_since_when_and_until_when(history_of: Make) -> None:
    lines = (
        "100 from 2024-01-01 until 2025-12-31 notice 2025-02-10; "
        "5 from 2024-01-01 until 2025-06-30 notice 2025-01-05 line s2"
    )
    found = cohort(churn(), history_of(subscriptions=contract(lines)).upto(AS_OF)).iloc[0]
    assert found["section"] == "leaving"
    assert (found["since"], found["ends_on"]) == (pd.Timestamp("2025-02-10"), pd.Timestamp("2025-12-31"))


def test_since_is_empty_where_the_tables_do_not_say(history_of: Make) -> None:
    lines = "100 from 2024-01-01; 0 from 2025-06-01 known 2025-02-01"
    found = cohort(churn(), history_of(subscriptions=contract(lines)).upto(AS_OF)).iloc[0]
    assert (pd.isna(found["since"]), found["ends_on"]) == (True, pd.Timestamp("2025-06-01"))


def test_scored_accounts_have_no_end(history_of: Make) -> None:
    found = cohort(churn(), history_of(subscriptions=contract("100 from 2024-01-01")).upto(AS_OF)).iloc[0]
    assert pd.isna(found["since"])
    assert pd.isna(found["ends_on"])


@pytest.mark.parametrize(
    ("lines", "min_growth", "expected", "realised"),
    [
        ("100 from 2024-01-01; 110 from 2025-03-10", 0.1, 1, 12 * 10.0),  # exactly the growth asked for
        ("100 from 2024-01-01; 109.9999 from 2025-03-10", 0.1, 0, 0.0),
        (
            "3 from 2024-01-01; 3.9 from 2025-03-10",
            0.3,
            1,
            12 * 0.9,
        ),  # 1.3 x 3 is 3.9000000000000004 in binary fractions
        (
            "100 from 2024-01-01; 200 from 2025-03-31T23:59:59.999999",
            0.1,
            1,
            12 * 100.0,
        ),  # in force at the last instant
        ("100 from 2024-01-01; 200 from 2025-04-01", 0.1, 0, 0.0),  # a moment too late
        ("100 from 2024-01-01; 200 from 2025-03-10; 100 from 2025-03-20", 0.1, 0, 0.0),  # up and down again
        ("100 from 2024-01-01; 60 from 2025-03-10 line s2", 0.5, 1, 12 * 60.0),  # a further line
        ("100 from 2024-01-01; 90 from 2025-03-10", 0.1, 0, 0.0),
        ("100 from 2024-01-01 until 2025-03-15", 0.1, 0, 0.0),
        # It paid 150 all along, as became known later. Growth is measured against the 100 known at as_of.
        ("100 from 2024-01-01 known 2024-01-02; 150 from 2024-01-01 known 2025-03-15", 0.1, 1, 12 * 50.0),
        # The same, told when the label has been taken.
        ("100 from 2024-01-01 known 2024-01-02; 150 from 2024-01-01 known 2025-04-02", 0.1, 0, 0.0),
    ],
)
def test_upsell(lines: str, min_growth: float, expected: int, realised: float, history_of: Make) -> None:
    history = history_of(subscriptions=contract(lines))
    found = label(upsell(min_growth=min_growth), history, [AS_OF], date(2025, 4, 1)).iloc[0]
    assert (found["section"], found["label"], found["realised"]) == ("cohort", expected, pytest.approx(realised))
    assert np.isnan(found["value_at_stake"])


def test_leaving_accounts_are_not_asked_about_upsell(history_of: Make) -> None:
    lines = contract("100 from 2024-01-01 until 2025-12-31 notice 2025-02-10")
    found = label(upsell(), history_of(subscriptions=lines), [AS_OF], date(2025, 4, 1)).iloc[0]
    assert (found["section"], found["base"], np.isnan(found["label"])) == ("leaving", 100.0, True)


def test_lines_without_an_id_are_told_apart_by_product(history_of: Make) -> None:
    lines = [
        {"started_at": "2024-01-01", "mrr": 100, "product": "basic", "ended_at": "2025-03-15"},
        {"started_at": "2024-01-01", "mrr": 20, "product": "support", "ended_at": None},
    ]
    found = label(churn(), history_of(subscriptions=lines), [AS_OF], SETTLED).iloc[0]
    assert (found["base"], found["label"]) == (120.0, 0.0)


def test_accounts_do_not_touch_one_another(history_of: Make) -> None:
    alone = {
        "a": "100 from 2024-01-01 until 2025-03-15",
        "b": "50 from 2024-01-01 until 2025-02-20; 40 from 2025-03-20",
        "c": "30 from 2024-01-01; 20 from 2024-06-01 line s2",
        "d": "10 from 2025-02-20 until 2025-12-31 notice 2025-02-25",
    }
    rows = [row | {"account_id": account} for account, lines in alone.items() for row in contract(lines)]
    found = label(churn(min_history_days=0), history_of(subscriptions=rows), [AS_OF], SETTLED)
    assert found[["account_id", "section", "base"]].to_numpy().tolist() == [
        ["a", "cohort", 100.0],
        ["b", "outside", 0.0],
        ["c", "cohort", 50.0],
        ["d", "leaving", 10.0],
    ]
    assert found["label"].fillna(-1).tolist() == [1.0, -1.0, 0.0, -1.0]


def test_the_label_of_churn_settles_after_the_grace() -> None:
    assert churn(grace_days=45).window.settle_days == 45
    assert churn(grace_days=45, settle_days=7).window.settle_days == 7
    assert upsell(grace_days=45).window.settle_days == 0


def test_notices_of_past_terminations(history_of: Make) -> None:
    told = {
        "a": "1 from 2024-01-01 until 2024-06-10 notice 2024-05-01",  # 40 days
        "b": "1 from 2024-01-01 until 2024-06-10 notice 2024-05-11",  # 30 days
        "c": "1 from 2024-01-01 until 2024-06-10",  # none
        "d": "1 from 2024-01-01 until 2025-12-31 notice 2025-02-10",  # not past yet
        "e": "1 from 2024-01-01",
    }
    rows = [row | {"account_id": account} for account, lines in told.items() for row in contract(lines)]
    assert notices_of(churn(), history_of(subscriptions=rows), AS_OF).tolist() == [40.0, 30.0, 0.0]


def test_dated_by_end_is_refused_when_notice_is_as_long_as_the_window() -> None:
    notices = np.array([0.0, 30.0, 40.0])
    with pytest.raises(TrainingRefused, match=r"median notice of 3 terminations is 30 days, at least .* = 30 days"):
        churn(dated_by="end", gap=10, horizon=20).check(notices)
    churn(dated_by="end", gap=10, horizon=21).check(notices)
    churn(dated_by="notice", gap=10, horizon=20).check(notices)
    churn(dated_by="end", horizon=1).check(np.empty(0))
