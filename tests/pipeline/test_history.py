from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.asof import MISSING, NEVER, instant
from pipeline.history import History, Rows, View, first_day_steps
from pipeline.tables import TABLES

NUMBERS = ("amount", "mrr", "quantity", "seats")
MARCH = date(2025, 3, 1)


def at(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def table(name: str, *rows: dict[str, Any]) -> pa.Table:
    """Return an Arrow table of account "a" as snapshots write them; times as text, numbers in ten-thousandths."""
    columns: dict[str, pa.Array] = {}
    for column in dict.fromkeys(column for row in ({"account_id": "a"}, *rows) for column in row):
        values = [row.get(column, "a" if column == "account_id" else None) for row in rows]
        contract = TABLES[name].by_name.get(column)
        if column.endswith("__known") or (contract and contract.kind == "time"):
            columns[column] = pa.array([at(value) for value in values], pa.timestamp("us"))
        elif column in NUMBERS:
            columns[column] = pa.array(values, pa.int64())
        else:
            columns[column] = pa.array(values, pa.string())
    return pa.table(columns)


def invoice(issued: str, amount: int, known: str | None, **more: Any) -> dict[str, Any]:
    return {"issued_at": issued, "amount": amount, "known_at": known, **more}


def rows_of(view: View, name: str = "invoices") -> Rows:
    rows = view.rows(name)
    assert rows is not None
    return rows


def amounts(history: History, as_of: str) -> list[int]:
    return rows_of(history.upto(date.fromisoformat(as_of))).columns["amount"].tolist()


def test_a_row_is_visible_when_it_was_known_before_as_of() -> None:
    history = History(
        {
            "invoices": table(
                "invoices",
                invoice("2025-01-01", 1, "2025-02-28T23:59:59.999999"),
                invoice("2025-01-02", 2, "2025-03-01T00:00"),
                invoice("2025-01-03", 3, None),
            )
        }
    )
    assert amounts(history, "2025-03-01") == [1, 3]
    assert amounts(history, "2025-03-02") == [1, 2, 3]


def test_labels_also_see_what_became_known_at_that_midnight() -> None:
    history = History({"invoices": table("invoices", invoice("2025-02-28", 2, "2025-03-01T00:00"))})
    assert len(rows_of(history.upto(MARCH))) == 0
    assert len(rows_of(history.known_by(MARCH))) == 1


def test_as_known_on_an_earlier_day_a_later_as_of_sees_nothing_new() -> None:
    rows = table(
        "invoices",
        invoice("2025-01-01", 1, "2025-01-01"),
        invoice("2025-02-01", 2, "2025-02-27T23:59"),
        invoice("2025-02-02", 3, "2025-02-28"),
    )
    stood = History({"invoices": rows}).as_known(date(2025, 2, 28))
    view = stood.upto(MARCH)
    assert rows_of(view).columns["amount"].tolist() == [1, 2]
    assert (view.as_of, view.at) == (MARCH, instant(MARCH))
    # Of an earlier as_of it tells what was known then, and labels see no further either.
    assert amounts(stood, "2025-01-31") == [1]
    assert len(rows_of(stood.known_by(MARCH))) == 2
    assert amounts(stood.as_known(date(2025, 12, 1)), "2025-03-01") == [1, 2]


def test_as_known_on_an_earlier_day_nothing_is_corrected_paid_or_voided_yet() -> None:
    first = invoice("2025-01-01", 1, "2025-01-01", invoice_id="n", paid_at="2025-02-28", paid_at__known="2025-02-28")
    blank = {"paid_at": None, "paid_at__known": None}
    corrected = invoice("2025-01-01", 2, "2025-02-28", invoice_id="n", **blank)
    voided = invoice("2025-01-02", 3, "2025-01-02", invoice_id="m", **blank) | {
        "voided_at": "2025-02-28", "voided_at__known": "2025-02-28"
    }  # fmt: skip
    history = History({"invoices": table("invoices", first, corrected, voided)})
    stood = rows_of(history.as_known(date(2025, 2, 28)).upto(MARCH))
    assert (stood.columns["amount"].tolist(), stood.columns["paid_at"].tolist()) == ([1, 3], [MISSING, MISSING])
    assert amounts(history, "2025-03-01") == [2]


def test_as_known_on_an_earlier_day_a_table_begins_where_it_did_then() -> None:
    rows = [invoice("2025-02-01", 1, "2025-02-01"), invoice("2025-01-01", 2, "2025-02-28")]
    history = History({"invoices": table("invoices", *rows)}).as_known(date(2025, 2, 28))
    assert history.upto(MARCH).first_days == {"invoices": instant(date(2025, 2, 1))}


def test_a_booked_row_is_visible_before_it_occurs() -> None:
    meeting = {"occurred_at": "2025-05-01", "kind": "meeting", "known_at": "2025-01-01"}
    rows = rows_of(History({"interactions": table("interactions", meeting)}).upto(MARCH), "interactions")
    assert rows.occurred.tolist() == [instant(date(2025, 5, 1))]


def test_a_correction_takes_the_place_of_a_row_from_when_it_is_known() -> None:
    history = History(
        {
            "invoices": table(
                "invoices",
                invoice("2025-01-01", 1, "2025-01-01", invoice_id="n"),
                invoice("2025-01-01", 2, "2025-02-01", invoice_id="n"),
                invoice("2025-01-01", 3, "2025-02-15", invoice_id="n"),
                invoice("2025-01-01", 9, "2025-01-01", invoice_id="m"),
            )
        }
    )
    assert amounts(history, "2025-02-01") == [1, 9]
    assert amounts(history, "2025-02-02") == [9, 2]
    assert amounts(history, "2025-03-01") == [9, 3]


def test_rows_without_an_id_correct_nothing() -> None:
    rows = [invoice("2025-01-01", amount, "2025-01-01", invoice_id=None) for amount in (1, 2)]
    assert amounts(History({"invoices": table("invoices", *rows)}), "2025-03-01") == [1, 2]


def test_lines_of_one_invoice_are_not_corrections_of_each_other() -> None:
    rows = [invoice("2025-01-01", n, "2025-01-01", invoice_id="n", line_id=f"l{n}") for n in (1, 2)]
    assert amounts(History({"invoices": table("invoices", *rows)}), "2025-03-01") == [1, 2]


def test_another_account_with_the_same_id_corrects_nothing() -> None:
    rows = [invoice("2025-01-01", n, f"2025-01-0{n}", invoice_id="n", account_id=f"a{n}") for n in (1, 2)]
    assert amounts(History({"invoices": table("invoices", *rows)}), "2025-03-01") == [1, 2]


def test_corrections_known_together_are_ordered_by_content_whatever_the_order_of_the_source() -> None:
    rows = [invoice("2025-01-01", amount, "2025-01-01", invoice_id="n") for amount in (5, 7, 6)]
    for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2)):
        history = History({"invoices": table("invoices", *(rows[position] for position in order))})
        assert amounts(history, "2025-03-01") == [7]


def test_a_value_not_yet_known_does_not_decide_which_of_two_rows_comes_first() -> None:
    line = {"started_at": "2025-01-01", "known_at": "2025-01-01", "end_known_at": None}
    more = {**line, "mrr": 2, "ended_at": "2025-05-01", "ended_at__known": "2025-05-01", "end_known_at__known": None}
    open_ended = {**more, "mrr": 1, "ended_at": None, "ended_at__known": None}
    history = History({"subscriptions": table("subscriptions", more, open_ended)})
    rows = rows_of(history.upto(MARCH), "subscriptions")
    # By (product, started_at) one corrects the other; `mrr` decides, not the end that came later.
    assert rows.columns["mrr"].tolist() == [2]


def test_a_late_value_is_blank_until_it_is_known() -> None:
    row = invoice("2025-01-01", 1, "2025-01-01", paid_at="2025-02-10T08:00", paid_at__known="2025-02-10T08:00")
    history = History({"invoices": table("invoices", row)})
    assert rows_of(history.upto(date(2025, 2, 10))).columns["paid_at"].tolist() == [MISSING]
    assert rows_of(history.upto(date(2025, 2, 11))).columns["paid_at"].tolist() != [MISSING]


def test_a_late_value_never_known_stays_blank() -> None:
    row = invoice("2025-01-01", 1, "2025-01-01", paid_at="2025-02-10T08:00", paid_at__known=None)
    history = History({"invoices": table("invoices", row)})
    assert rows_of(history.upto(date(2199, 1, 1))).columns["paid_at"].tolist() == [MISSING]


def test_a_voided_row_is_absent_from_then_on_and_its_voiding_is_never_seen() -> None:
    row = invoice("2025-01-01", 1, "2025-01-01", voided_at="2025-02-10", voided_at__known="2025-02-10")
    history = History({"invoices": table("invoices", row)})
    assert "voided_at" not in rows_of(history.upto(MARCH))
    assert amounts(history, "2025-02-10") == [1]
    assert amounts(history, "2025-02-11") == []


def test_a_voided_correction_does_not_bring_back_what_it_corrected() -> None:
    first = invoice("2025-01-01", 1, "2025-01-01", invoice_id="n")
    second = invoice(
        "2025-01-01", 2, "2025-01-05", invoice_id="n", voided_at="2025-02-10", voided_at__known="2025-02-10"
    )
    history = History({"invoices": table("invoices", first | {"voided_at": None, "voided_at__known": None}, second)})
    assert amounts(history, "2025-02-10") == [2]
    assert amounts(history, "2025-03-01") == []


def test_a_snapshot_of_accounts_shows_the_past_only_what_is_constant() -> None:
    rows = table("accounts", {"opened_at": "2025-02-01", "segment": "large", "country": "DK"})
    history = History({"accounts": rows}, constant=("country",))
    assert set(rows_of(history.upto(MARCH), "accounts").columns) == {"opened_at", "country"}
    assert history.upto(date(2025, 2, 1)).seen.tolist() == [False]
    assert history.upto(date(2025, 2, 2)).seen.tolist() == [True]


def test_an_account_without_an_opening_date_is_always_seen() -> None:
    history = History({"accounts": table("accounts", {"segment": "large"})})
    assert history.upto(date(1990, 1, 1)).seen.tolist() == [True]
    assert rows_of(history.upto(MARCH), "accounts").occurred.tolist() == [NEVER]


def test_an_account_is_seen_once_any_row_of_it_is_known() -> None:
    rows = table(
        "invoices",
        invoice("2025-01-01", 1, "2025-01-01", account_id="b"),
        invoice("2025-01-01", 1, "2025-03-01", account_id="a"),
    )
    view = History({"invoices": rows}).upto(MARCH)
    assert view.accounts.tolist() == ["a", "b"]
    assert view.seen.tolist() == [False, True]


def test_the_first_day_moves_back_as_backdated_rows_become_known() -> None:
    rows = table(
        "invoices",
        invoice("2025-02-01", 1, "2025-02-01"),
        invoice("2025-01-01", 2, "2025-03-01"),
        invoice("2025-01-15", 3, "2025-03-02"),
    )
    history = History({"invoices": rows})
    assert history.upto(date(2025, 1, 1)).first_days == {"invoices": MISSING}
    assert history.upto(MARCH).first_days == {"invoices": instant(date(2025, 2, 1))}
    assert history.upto(date(2025, 3, 2)).first_days == {"invoices": instant(date(2025, 1, 1))}


def test_first_day_steps_keep_only_what_moves_the_first_day() -> None:
    known, occurred = np.array([30, 10, 20, 20]), np.array([5, 9, 9, 7])
    assert first_day_steps(known, occurred) == [(10, 9), (20, 7), (30, 5)]
    assert first_day_steps(np.array([1]), np.array([MISSING])) == []


def test_first_days_of_all_buckets_win_over_those_of_the_rows() -> None:
    rows = table("invoices", invoice("2025-02-01", 1, "2025-02-01"))
    view = History({"invoices": rows}, first_days={"invoices": [(0, 42)]}).upto(MARCH)
    assert view.first_days == {"invoices": 42}


def test_rows_come_sorted_by_account_then_occurrence() -> None:
    rows = table(
        "invoices",
        invoice("2025-01-03", 1, "2025-01-09", account_id="b"),
        invoice("2025-01-02", 2, "2025-01-10", account_id="b"),
        invoice("2025-01-04", 3, "2025-01-04", account_id="a"),
    )
    visible = rows_of(History({"invoices": rows}).upto(MARCH))
    assert visible.account.tolist() == [0, 1, 1]
    assert visible.columns["amount"].tolist() == [3, 2, 1]


def test_texts_are_compared_by_their_words() -> None:
    rows = [invoice("2025-01-01", n, "2025-01-01", product=word) for n, word in enumerate(("p", "q", None, "p"))]
    visible = rows_of(History({"invoices": table("invoices", *rows)}).upto(MARCH))
    assert visible.take(visible.equal("product", "p")).columns["amount"].tolist() == [0, 3]
    assert visible.equal("product", "absent").sum() == 0


def test_a_history_without_tables_has_no_accounts() -> None:
    view = History({}).upto(MARCH)
    assert len(view.accounts) == 0
    assert view.rows("invoices") is None


def test_as_of_is_midnight_utc() -> None:
    assert History({}).upto(MARCH).at == int(datetime(2025, 3, 1, tzinfo=UTC).timestamp()) * 1_000_000
