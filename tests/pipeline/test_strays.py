"""Stray rows: which are rejected, and which old rows of a plausible firm stay."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from pipeline.snapshot import take_snapshot
from pipeline.validate import validate

DAY = date(2025, 1, 1)
RULE = "issued_at implausible: long before the rest"


def daily(first, rows):
    return [f"a,{date.fromisoformat(first) + timedelta(days=n)},1" for n in range(rows)]


def invoices(firm, lines, **parts):
    source = firm.csv("invoices.csv", "\n".join(["account_id,issued_at,amount", *lines]))
    return firm.settings(tables={"invoices": {"source": source}}, **parts)


def rejected(firm, lines, **parts):
    return [(row.level, row.count) for row in validate(invoices(firm, lines, **parts), DAY).rows if row.rule == RULE]


def test_a_lone_row_does_not_move_the_first_day(firm):
    settings = invoices(firm, ["b,1987-03-04,1", *daily("2024-01-01", 200)])
    (finding,) = [row for row in validate(settings, DAY).rows if row.rule == RULE]
    assert (finding.level, finding.count) == ("warning", 1)
    assert finding.example == "account_id=b, issued_at=1987-03-04 00:00:00"
    snapshot = take_snapshot(settings, DAY)
    assert snapshot.first_day() == date(2024, 1, 1)
    counts = snapshot.counts["invoices"]
    assert (counts.rows_in, counts.rows_used, counts.rejected) == (201, 200, {RULE: 1})


def test_several_lone_rows_years_apart(firm):
    lines = ["b,1950-01-01,1", "b,1987-03-04,1", *daily("2024-01-01", 300)]
    assert rejected(firm, lines) == [("warning", 2)]


def test_one_row_in_a_hundred_is_lone_and_more_are_not(firm):
    assert rejected(firm, ["b,1987-03-04,1", *daily("2024-01-01", 99)]) == [("warning", 1)]
    assert rejected(firm, ["b,1987-03-04,1", *daily("2024-01-01", 98)]) == []


def test_three_years_without_a_row_are_not_yet_long(firm):
    day = date(2024, 1, 1)
    for gap, found in ((1095, []), (1096, [("warning", 1)])):
        assert rejected(firm, [f"b,{day - timedelta(days=gap)},1", *daily("2024-01-01", 200)]) == found


def test_a_firm_with_quiet_years_keeps_its_old_rows(firm):
    lines = ["b,2010-03-04,1", *daily("2015-01-01", 100), *daily("2017-01-01", 100)]
    assert rejected(firm, lines) == []
    # A wrong day in the future does not make it quiet.
    lines = ["b,2010-03-04,1", *daily("2024-01-01", 200), "a,2099-01-01,1"]
    assert rejected(firm, lines) == [("warning", 1)]


@pytest.mark.parametrize("day", ["1970-01-01", "1900-01-01", "1970-01-01 09:30:00"])
def test_days_that_stand_for_an_unknown_one(firm, day):
    assert rejected(firm, [f"b,{day},1", *daily("2024-01-01", 30)]) == [("warning", 1)]
    # 3 of 33 rows are more than 5 %.
    assert rejected(firm, [f"b,{day},1"] * 3 + daily("2024-01-01", 30)) == [("error", 3)]


def test_a_stand_in_read_in_a_zone_east_of_greenwich(firm):
    lines = ["b,1970-01-01 00:00:00,1", *daily("2024-01-01", 30)]
    assert rejected(firm, lines, time={"zone": "Europe/Copenhagen"}) == [("warning", 1)]


def test_a_history_that_really_begins_in_1970(firm):
    assert rejected(firm, daily("1970-01-01", 30)) == []
    assert rejected(firm, ["b,1970-01-01,1"]) == []


def test_old_contracts_stay_and_those_of_an_unknown_day_do_not(firm):
    lines = [f"s{n},a,{date(2024, 1, 1) + timedelta(days=n)},1" for n in range(200)]
    lines += ["old,a,1987-03-04,1", "unknown,a,1970-01-01,1"]
    source = firm.csv("contracts.csv", "\n".join(["subscription_id,account_id,started_at,mrr", *lines]))
    settings = firm.settings(tables={"subscriptions": {"source": source}})
    rule = "started_at implausible: long before the rest"
    rows = firm.rows(settings, "subscriptions", "subscription_id, _rule")
    assert [row for row in rows if row[1] is not None] == [("unknown", rule)]
    assert ("old", None) in rows


def test_the_day_an_account_was_opened_is_never_judged(firm):
    lines = [f"a{n},{date(2024, 1, 1) + timedelta(days=n)}" for n in range(200)]
    source = firm.csv("accounts.csv", "\n".join(["account_id,opened_at", *lines, "b,1970-01-01", "c,1905-01-01"]))
    settings = firm.settings(tables={"accounts": {"source": source}})
    assert {rule for (rule,) in firm.rows(settings, "accounts", "_rule")} == {None}
