"""Digests of what was known by an as_of: what changes them, and what becomes known too late to."""

from __future__ import annotations

import tracemalloc
from datetime import date, timedelta

import pytest

from pipeline.snapshot import Snapshot, take_snapshot

DAY = date(2025, 1, 1)
HEAD = "account_id,invoice_id,issued_at,amount,paid_at,voided_at,known_at\n"
FIRST = "a,n1,2024-05-01,10,2024-05-20 12:00:00,,2024-05-02 08:00:00\n"
SECOND = "b,n2,2024-06-01,20,,,2024-06-02 08:00:00\n"


def taken(firm, rows: str, **parts) -> Snapshot:
    tables = {"invoices": {"source": firm.csv("lines.csv", HEAD + rows)}, **parts.pop("tables", {})}
    return take_snapshot(firm.settings(tables=tables, **parts), DAY)


def changed_from(one: Snapshot, other: Snapshot, table: str = "invoices") -> date | None:
    """Return the first of some days at which the digests differ, after which all must; None: at none of them."""
    days = [date(2024, month, day) for month in range(5, 8) for day in (1, 2, 3, 15, 20, 21, 28)]
    differs = [one.digest_upto(0, [table], day) != other.digest_upto(0, [table], day) for day in days]
    assert differs == sorted(differs)
    return next((day for day, differ in zip(days, differs, strict=True) if differ), None)


@pytest.mark.parametrize(
    ("rows", "first"),
    [
        (SECOND + FIRST, None),
        (FIRST, date(2024, 6, 3)),
        (FIRST + SECOND.replace(",20,", ",21,"), date(2024, 6, 3)),
        (FIRST + SECOND.replace("06-02 08", "06-01 23"), date(2024, 6, 2)),
        # A correction is known later than what it corrects.
        (FIRST + SECOND + FIRST.replace(",10,", ",11,").replace("05-02", "06-20"), date(2024, 6, 21)),
        # A late row, which happened earlier than any other.
        (FIRST + SECOND + "c,n3,2024-01-01,5,,,2024-06-15 08:00:00\n", date(2024, 6, 20)),
        # Late values count from their own day on.
        (FIRST.replace("05-20 12", "05-20 13") + SECOND, date(2024, 5, 21)),
        (FIRST.replace("2024-05-20 12:00:00", "") + SECOND, date(2024, 5, 21)),
        (FIRST + SECOND.replace(",20,,", ",20,2024-06-20 01:00:00,"), date(2024, 6, 21)),
        (FIRST + SECOND.replace(",20,,,", ",20,,2024-06-20 01:00:00,"), date(2024, 6, 21)),
        # A day paid or voided before the row was known is known with the row.
        (FIRST + SECOND.replace(",20,,,", ",20,,2024-04-01 01:00:00,"), date(2024, 6, 3)),
    ],
)
def test_a_digest_changes_from_the_day_on_that_shows_the_change(firm, rows, first):
    assert changed_from(taken(firm, FIRST + SECOND), taken(firm, rows)) == first


def test_the_tables_asked_for_decide_and_unknown_ones_do_not(firm):
    snapshot = taken(firm, FIRST + SECOND, tables={"interactions": {"source": firm.csv("e.csv", EVENTS)}})
    one, both = (snapshot.digest_upto(0, tables, DAY) for tables in (["invoices"], ["invoices", "interactions"]))
    assert one != both
    assert both == snapshot.digest_upto(0, ["interactions", "invoices", "holdings"], DAY)
    fewer = taken(firm, FIRST, tables={"interactions": {"source": "e.csv"}})
    assert changed_from(snapshot, fewer, "interactions") is None


EVENTS = "account_id,occurred_at,kind\na,2024-05-01 10:00:00,call\nb,2024-05-02 10:00:00,call\n"


def test_an_earlier_first_day_in_another_bucket_shows(firm):
    buckets = {"engine": {"buckets": 4}}
    one = taken(firm, FIRST + SECOND, **buckets)
    other = taken(firm, FIRST + SECOND + "c,n3,2024-01-01,5,,,2024-05-15 08:00:00\n", **buckets)
    untouched = next(bucket for bucket in range(4) if one.ids(bucket).equals(other.ids(bucket)))
    before, after = date(2024, 5, 15), date(2024, 5, 16)
    assert one.digest_upto(untouched, ["invoices"], before) == other.digest_upto(untouched, ["invoices"], before)
    assert one.digest_upto(untouched, ["invoices"], after) != other.digest_upto(untouched, ["invoices"], after)


ACCOUNTS = "account_id,opened_at,country,segment\na,2024-05-01,DK,small\nb,2024-06-01,SE,large\n"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (ACCOUNTS.replace("small", "large"), None),
        (ACCOUNTS.replace("DK", "NO"), date(2024, 5, 2)),
        (ACCOUNTS.replace("SE", "NO"), date(2024, 6, 2)),
        (ACCOUNTS.replace("2024-06-01", "2024-05-20"), date(2024, 5, 21)),
        (ACCOUNTS.replace("2024-06-01", ""), date(2024, 5, 1)),
    ],
)
def test_of_accounts_of_today_only_what_the_past_sees_counts(firm, text, first):
    def with_accounts(rows: str) -> Snapshot:
        firm.csv("accounts.csv", rows)
        constant = {"features": ["country"], "constant": ["country"]}
        return taken(firm, FIRST + SECOND, tables={"accounts": {"source": "accounts.csv"}}, accounts=constant)

    assert changed_from(with_accounts(ACCOUNTS), with_accounts(text), "accounts") == first


def test_the_digest_of_a_bucket_without_rows_before_as_of(firm):
    assert taken(firm, FIRST).digest_upto(0, ["invoices"], date(2020, 1, 1)) == taken(firm, SECOND).digest_upto(
        0, ["invoices"], date(2020, 1, 1)
    )


def test_the_days_of_a_bucket_take_little_memory(firm):
    days = [date(2015, 1, 1) + timedelta(days=number) for number in range(2000)]
    snapshot = taken(firm, "".join(f"a,n{day},{day},10,,,{day} 08:00:00\n" for day in days))
    tracemalloc.start()
    try:
        snapshot.digest_upto(0, ["invoices"], DAY)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Four numbers a day, and what there is of parts: they are held for all buckets.
    assert held < 2000 * 32 + 100_000
