"""A firm whose tables show every way of reading and rejecting rows, a few rows each, in several kinds of files."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import duckdb

ACCOUNTS = range(40)

WORDS = (
    "['Peter Hall says the price is too high', 'Fejlen er ikke rettet, ret sur', "
    "'Pleased, wants more seats. Ring +45 20 34 56 78', NULL]"
)
"""Texts that notes say in turn, as SQL."""


def odd_firm(folder: Path) -> dict[str, Any]:
    """Write the sources into `folder` and return the config's tables."""
    _csv(
        folder / "billing" / "2024.csv",
        "customer,number,day,value,code,product",
        *(f"{n:03d},I{n}-1,2024-0{1 + n % 9}-1{n % 10},{100 + n}.50,EUR,basic" for n in ACCOUNTS),
        "004,I4-1,2024-05-14,999.00,EUR,basic",  # the key of another row, known at the same moment
        ",I99,2024-05-05,10.00,EUR,basic",  # no account
        "007,I7-9,1900-01-01,10.00,EUR,basic",  # a stand-in for no day
        "012,I3-1,2024-04-13,5.00,EUR,basic",  # an id of another account
        "old-1,IM-1,2024-03-03,77.00,EUR,basic",  # merged into 001
    )
    _csv(
        folder / "billing" / "2025.csv",
        "customer,number,day,value,code,note",
        *(f"{n:03d},J{n}-1,2025-0{1 + n % 9}-2{n % 8},{200 + n},USD,x" for n in ACCOUNTS),
        *(f"x{n},J-x{n},05/03/2025,1,EUR,unreadable" for n in range(2)),
        "031,J31-2,2025-06-06,many,EUR,",
    )
    for kind, month in (("login", 1), ("login", 2), ("call", 3), ("churned", 4), ("ticket", 5)):
        _parquet(
            folder / "usage" / f"kind={kind}" / f"month={month:02d}" / "rows.parquet",
            f"SELECT printf('S%03d', range % 24) AS line, "
            f"TIMESTAMP '2025-{month:02d}-01' + INTERVAL (range * 5) HOUR AS at, "
            f"range % 7 AS quantity, {WORDS}[1 + range % 4] AS words, '{kind}-' || (range // 2) AS id "
            f"FROM range({400 if kind == 'login' else 60})",
        )
    _parquet(
        folder / "usage" / "kind=ghost" / "month=06" / "rows.parquet",  # a stand-in for no day, of a kind of its own
        "SELECT 'S001' AS line, TIMESTAMP '1970-01-01' AS at, 1 AS quantity, NULL AS words, 'ghost' AS id",
    )
    _parquet(
        folder / "lines.parquet",
        "SELECT printf('S%03d', range) AS id, printf('%03d', range % 20) AS customer, "
        "DATE '2024-01-01' + (range * 9)::INTEGER AS start, 10.0 + range AS mrr, "
        "CASE WHEN range % 6 = 0 THEN DATE '2025-04-01' WHEN range % 6 = 1 THEN DATE '9999-12-31' END AS stop "
        "FROM range(23)",
    )
    _csv(folder / "links.csv", "old_id,new_id", "old-1,001", "old-2,old-1")
    _csv(
        folder / "rates.csv",
        "currency,rate_on,rate",
        "USD,2024-01-01,0.91",
        "USD,2025-05-05,0.87",
        "USD,2025-05-05,0.88",
    )
    _csv(folder / "excluded.csv", "account_id,reason", "003,objection", "017,")
    with duckdb.connect(str(folder / "crm.duckdb")) as con:
        con.execute(
            "CREATE TABLE firms AS SELECT printf('%03d', range) AS account_id, 'Firm ' || range AS name, "
            "TIMESTAMP '2023-06-01 08:00' + INTERVAL (range * 20) DAY AS opened_at, "
            "CASE WHEN range % 3 > 0 THEN 'm' || range % 2 END AS account_manager, "
            "CASE WHEN range = 5 THEN TIMESTAMP '1800-01-01' ELSE TIMESTAMP '2023-06-02' END AS known_at "
            "FROM range(38) UNION ALL SELECT 'old-1', 'Merged', TIMESTAMP '2022-01-01', 'm0', TIMESTAMP '2023-01-01'"
        )
    return {
        "accounts": [{"source": "crm.duckdb#firms"}],
        "invoices": [
            {
                "source": "billing/*.csv",
                "columns": {
                    "account_id": "customer", "invoice_id": "number", "issued_at": "day", "amount": "value",
                    "currency": "code", "product": "product",
                },
            }
        ],
        "interactions": [
            {
                "source": "usage",
                "account_through": {"source": "lines.parquet", "on": "line", "to": "id", "account_id": "customer"},
                "columns": {
                    "occurred_at": "at", "kind": "kind", "quantity": "quantity", "text": "words",
                    "interaction_id": "id", "subscription_id": "line", "score": {"sql": "month"},
                },
                "where": "quantity > 0",
            },
            {
                "select": "SELECT '0' || (10 + range % 30) AS account_id, "
                "TIMESTAMP '2025-05-01' + INTERVAL (range) DAY AS occurred_at, "
                "'visit' AS kind, 'V' || range AS interaction_id FROM range(50)",
            },
        ],
        "subscriptions": [
            {
                "source": "lines.parquet",
                "columns": {
                    "account_id": "customer", "subscription_id": "id", "started_at": "start", "mrr": "mrr",
                    "ended_at": "stop",
                },
            }
        ],
        "holdings": [
            {
                "source": "lines.parquet",
                "on_repeat": "drop",
                "columns": {
                    "account_id": "customer", "product": {"const": "base"}, "started_at": {"const": "2024-01-01"},
                },
            }
        ],
        "account_links": [{"source": "links.csv"}],
        "rates": [{"source": "rates.csv"}],
        "exclusions": [{"source": "excluded.csv"}],
    }  # fmt: skip


def _csv(file: Path, *lines: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(dedent(line) for line in lines) + "\n", encoding="utf-8")


def _parquet(file: Path, query: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as con:
        con.execute(f"COPY ({query}) TO '{file}' (FORMAT parquet)")
