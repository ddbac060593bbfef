"""Accounts that come through another table, and queries over several sources."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline.errors import ContractError, KeepgrowError, SettingsError, SourceError
from pipeline.validate import validate

DAY = date(2025, 1, 1)
USAGE = """
    subscription,day,minutes
    1,2024-05-01,10
    2,2024-05-02,20
    2,2024-05-03,30
    9,2024-05-04,40
"""
SUBSCRIPTIONS = """
    id,customer,plan
    1,a,basic
    2,b,basic
    2,b,large
"""
THROUGH = {"source": "subscriptions.csv", "on": "subscription", "to": "id", "account_id": "customer"}
COLUMNS = {"occurred_at": "day", "kind": {"const": "usage"}, "quantity": "minutes"}


@pytest.fixture
def usage(firm):
    firm.csv("usage.csv", USAGE)
    firm.csv("subscriptions.csv", SUBSCRIPTIONS)
    return firm


def settings(firm, **changes):
    mapping = {"source": "usage.csv", "account_through": THROUGH, "columns": COLUMNS} | changes
    return firm.settings(tables={"interactions": mapping})


def refused(firm, error=SourceError, **changes):
    with pytest.raises(error) as caught:
        firm.rows(settings(firm, **changes), "interactions", "account_id")
    assert isinstance(caught.value, KeepgrowError)
    return str(caught.value)


def test_rows_take_the_account_of_their_key_once_each(usage):
    rows = usage.rows(settings(usage), "interactions", "quantity, account_id, _rule")
    assert rows == [
        (100000, "a", None),
        (200000, "b", None),
        (300000, "b", None),
        (400000, None, "account_id missing"),
    ]


def test_a_row_whose_key_leads_nowhere_is_counted(usage):
    found = [(f.rule, f.count) for f in validate(settings(usage), DAY).rows]
    assert ("account_id missing", 1) in found


def test_numbers_and_texts_meet(usage):
    usage.parquet("subscriptions.parquet", "SELECT '1' AS id, 'a' AS customer")
    through = THROUGH | {"source": "subscriptions.parquet"}
    rows = usage.rows(settings(usage, account_through=through), "interactions", "account_id, quantity")
    assert ("a", 100000) in rows


def test_a_condition_sees_the_account(usage):
    rows = usage.rows(settings(usage, where="account_id = 'b'"), "interactions", "quantity")
    assert rows == [(200000,), (300000,)]


def test_a_key_of_two_accounts_is_refused(usage):
    usage.csv("subscriptions.csv", SUBSCRIPTIONS + "2,c,basic")
    message = refused(usage, ContractError)
    assert "1 values of 'id' belong to several accounts, for example 2 to b and c" in message


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"on": "subscriptoin"}, "account_through.on: the source has no column 'subscriptoin'; did you mean"),
        ({"to": "idd"}, "account_through.to: the source has no column 'idd'; did you mean 'id'"),
        ({"account_id": "client"}, "account_through.account_id: the source has no column 'client'"),
        ({"source": "subscription.csv"}, "account_through.source: file"),
    ],
)
def test_what_the_other_source_lacks_is_named(usage, change, says):
    assert says in refused(usage, account_through=THROUGH | change)


def test_a_source_with_accounts_of_its_own_needs_no_other(usage):
    usage.csv("usage.csv", USAGE.replace("minutes", "account_id"))
    assert "has a column 'account_id' of its own" in refused(usage, ContractError)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"columns": COLUMNS | {"account_id": "customer"}}, "account_through gives it already"),
        ({"select": "SELECT 1", "columns": {}}, "join the other table in it"),
        ({"sources": {"s": "subscriptions.csv"}}, "read by a whole query"),
    ],
)
def test_contradictions_in_the_config(usage, change, says):
    with pytest.raises(SettingsError, match=says):
        settings(usage, **change)


def test_a_query_reads_several_sources_by_name(usage):
    query = (
        "SELECT s.customer AS account_id, u.day AS occurred_at, 'usage' AS kind, u.minutes AS quantity "
        "FROM usage AS u JOIN subscriptions AS s ON s.id = u.subscription WHERE s.plan = 'large'"
    )
    mapping = {"select": query, "sources": {"usage": "usage.csv", "subscriptions": "subscriptions.csv"}}
    rows = usage.rows(usage.settings(tables={"interactions": mapping}), "interactions", "account_id, quantity")
    assert rows == [("b", 200000), ("b", 300000)]


def test_a_missing_further_source_is_named_by_its_key(usage):
    mapping = {"select": "SELECT * FROM usage", "sources": {"usage": "usages.csv"}}
    with pytest.raises(SourceError, match=r"tables.interactions.sources.usage: file .* did you mean 'usage.csv'"):
        usage.rows(usage.settings(tables={"interactions": mapping}), "interactions", "account_id")


def test_the_name_source_is_taken(usage):
    with pytest.raises(SettingsError, match="this name is taken"):
        usage.settings(tables={"interactions": {"select": "SELECT 1", "sources": {"source": "usage.csv"}}})
