"""What init makes of the two real sets of tables: configs that validate, with nothing edited."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline.discovery import Discovery, config_text, discover, look_at
from pipeline.settings import Settings

LATER = date(2026, 1, 1)


def made(tables, found: Discovery) -> Settings:
    settings = tables.config(found, LATER)
    assert tables.errors(settings) == []
    return settings


def test_online_retail(tables, shown, invoice_lines):
    found = tables.discovered(invoice_lines, today=LATER)
    accounts, invoices = found.entries
    assert "arg_max(country, invoice_ts) AS country" in accounts.select
    assert shown(invoices) == {
        "account_id": "customer_id",
        "issued_at": "invoice_ts",
        "amount": "quantity * unit_price",
        "quantity": "quantity",
        "product": "stock_code",
    }
    assert invoices.where == "customer_id IS NOT NULL"
    assert found.currency == "GBP"  # nine in ten lines are of the United Kingdom
    settings = made(tables, found)
    assert settings.run.as_of == date(2011, 12, 10)
    assert settings.targets["churn"] == {
        "kind": "churn", "by": "inactivity", "active_days": 120, "horizon": 60, "gap": 0,
    }  # fmt: skip
    assert settings.targets["upsell"] == {"kind": "upsell", "by": "spend", "horizon": 60, "ratio": 1.5}


@pytest.fixture(scope="module")
def of_ravenstack(ravenstack):
    """What init makes of the five Parquet files."""
    profiles, con = look_at([ravenstack], ravenstack / "elsewhere")
    with con:
        return discover(con, profiles, None, LATER)


def test_ravenstack(tables, shown, of_ravenstack):
    found = of_ravenstack
    of = [(entry.table, entry.profile.name) for entry in found.entries]
    assert of == [
        ("accounts", "accounts"),
        ("subscriptions", "subscriptions"),
        ("interactions", "churn_events"),
        ("interactions", "feature_usage"),
        ("interactions", "support_tickets"),
        ("interactions", "support_tickets"),
    ]
    _, subscriptions, events, usage, tickets, answers = found.entries
    assert shown(subscriptions)["mrr"] == "mrr_amount"
    assert (usage.through.on, usage.columns["kind"].text) == ("subscription_id", "usage")
    assert events.columns["kind"].text == "churn_event"
    assert shown(tickets)["closed_at"] == "strptime(closed_at, '%d-%m-%Y %H:%M')"
    assert answers.columns["kind"].text == "csat"
    assert found.currency == "USD"
    mapped = {value.text for entry in found.entries for value in (*entry.columns.values(), *entry.offered.values())}
    assert not mapped & {"churn_flag", "upgrade_flag", "downgrade_flag", "is_reactivation", "reason_code"}
    settings = made(tables, found)
    assert settings.run.as_of == date(2025, 1, 2)  # its days are known when they are over
    assert set(settings.targets) == {"churn", "upsell"}


@pytest.mark.parametrize("kind", ["csv", "duckdb"])
def test_ravenstack_from_other_kinds_of_files(tables, ravenstack, of_ravenstack, kind):
    import duckdb

    names = ("accounts", "churn_events", "feature_usage", "subscriptions", "support_tickets")
    where = tables.folder / ("warehouse.duckdb" if kind == "duckdb" else "data")
    if kind == "csv":
        where.mkdir()
    with duckdb.connect(str(where) if kind == "duckdb" else ":memory:") as con:
        for name in names:
            rows = f"SELECT * FROM '{ravenstack}/{name}.parquet'"
            con.execute(
                f"CREATE TABLE {name} AS {rows}"
                if kind == "duckdb"
                else f"COPY ({rows}) TO '{where}/{name}.csv' (HEADER, DELIMITER ';')"
            )
    found = tables.discovered(where, today=LATER)
    assert [entry.columns for entry in found.entries] == [entry.columns for entry in of_ravenstack.entries]
    made(tables, found)


def test_online_retail_with_decimal_commas(tables, invoice_lines):
    import duckdb

    file = tables.folder / "lines.csv"
    with duckdb.connect() as con:
        con.execute(
            "COPY (SELECT invoice_no, stock_code, quantity, strftime(invoice_ts, '%d/%m/%Y %H:%M') AS invoice_date, "
            "replace(printf('%.2f', unit_price), '.', ',') AS unit_price, customer_id, country "
            f"FROM '{invoice_lines}' USING SAMPLE reservoir(20000 ROWS) REPEATABLE (1)) "
            f"TO '{file}' (HEADER, DELIMITER ';')"
        )
    found = tables.discovered(file, today=LATER)
    invoices = next(entry for entry in found.entries if entry.table == "invoices")
    assert invoices.columns["issued_at"].text == "strptime(invoice_date, '%d/%m/%Y %H:%M')"
    price = "CAST(replace(replace(unit_price, '.', ''), ',', '.') AS DOUBLE)"
    assert invoices.columns["amount"].text == f"quantity * {price}"
    made(tables, found)


def test_the_same_tables_give_the_same_config(tables, ravenstack, of_ravenstack):
    again = tables.discovered(ravenstack, today=LATER)
    assert config_text(again, "r", LATER) == config_text(of_ravenstack, "r", LATER)
