"""Snapshots: where rows went, buckets, the content digest, what histories, displays and exclusions are made of."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pyarrow.parquet as pq
import pytest

from pipeline.asof import instant
from pipeline.errors import AsOfError, ContractError, SourceError, StoreError
from pipeline.snapshot import check_as_of, open_snapshot, take_snapshot

DAY = date(2025, 1, 1)
LINES = """
    account_id,issued_at,amount,product
    a,2024-05-01,10,tea
    b,2024-05-02,20,
    a,2024-05-03,30,tea
    c,2024-05-04,40,rum
"""


def invoices(firm, text=LINES, **parts):
    mapping = {"source": firm.csv("lines.csv", text), **parts.pop("mapping", {})}
    return firm.settings(tables={"invoices": mapping, **parts.pop("tables", {})}, **parts)


def lines(snapshot):
    return sorted(
        (row["account_id"], row["amount"])
        for bucket in range(snapshot.buckets)
        for file in (snapshot.folder / f"bucket={bucket:05d}" / "invoices").iterdir()
        for row in pq.read_table(file, partitioning=None).to_pylist()
    )


# ---- rows ----


def test_every_row_is_accounted_for(firm):
    good = "\n".join(f"{account},2024-05-01,{amount},tea" for account in "abcdefghij" for amount in (1, 2, 3, 4))
    odd = "a,2024-05-01,4,tea\na,2024-05-01,much,tea\n,2024-05-01,7,tea\nz,,,gift"
    text = f"account_id,issued_at,amount,product\n{good}\n{odd}"
    settings = invoices(firm, text, mapping={"where": "product <> 'gift'", "on_repeat": "drop"})
    counts = take_snapshot(settings, DAY).counts["invoices"]
    assert (counts.rows_in, counts.rows_used, counts.left_out_by_where, counts.repeats_dropped) == (44, 40, 1, 1)
    assert counts.rejected == {"account_id missing": 1, "amount unreadable": 1}


def test_errors_stop_the_run_and_leave_no_snapshot(firm):
    with pytest.raises(ContractError) as caught:
        take_snapshot(invoices(firm, "account_id,issued_at,amount\na,2024-05-01,much\nb,2024-05-01,1"), DAY)
    message = str(caught.value)
    assert "invoices: amount unreadable (1 of 2 rows, 50.0 %, for example account_id=a, issued_at=2024-05-01" in message
    assert "found much" in message
    assert not list((firm.folder / ".keepgrow" / "firm").iterdir())


def test_warnings_are_kept_with_the_snapshot(firm):
    assert [row.rule for row in take_snapshot(invoices(firm), DAY).findings.rows] == ["no known_at"]


# ---- buckets and digest ----


def test_buckets_hold_whole_accounts_and_nothing_gets_lost(firm):
    snapshot = take_snapshot(invoices(firm, run={"rows_per_bucket": 1}), DAY)
    assert snapshot.buckets == 4
    found = [set(snapshot.history(bucket).accounts) for bucket in range(4)]
    assert sum(len(accounts) for accounts in found) == 3
    assert set().union(*found) == {"a", "b", "c"}
    assert lines(snapshot) == [("a", 100000), ("a", 300000), ("b", 200000), ("c", 400000)]


def test_the_digest_knows_neither_row_order_nor_buckets(firm):
    head, *rows = [line.strip() for line in LINES.strip().splitlines()]
    first = take_snapshot(invoices(firm), DAY)
    second = take_snapshot(invoices(firm, "\n".join([head, *reversed(rows)]), run={"rows_per_bucket": 2}), DAY)
    assert (first.digest, first.buckets, second.buckets) == (second.digest, 1, 2)


@pytest.mark.parametrize(
    "text",
    [
        LINES.replace("10,tea", "10.01,tea"),
        LINES.replace("20,", "20,tea"),
        LINES.replace("b,", "d,"),
        LINES.replace("05-02", "05-05"),
        LINES + "    c,2024-05-04,40,rum\n    c,2024-05-04,40,rum\n",
    ],
)
def test_the_digest_knows_every_cell(firm, text):
    assert take_snapshot(invoices(firm), DAY).digest != take_snapshot(invoices(firm, text), DAY).digest


def test_the_digest_tells_an_empty_cell_from_a_moved_one(firm):
    one = "account_id,issued_at,amount,product,currency\na,2024-05-01,1,EUR,"
    other = "account_id,issued_at,amount,product,currency\na,2024-05-01,1,,EUR"
    assert take_snapshot(invoices(firm, one), DAY).digest != take_snapshot(invoices(firm, other), DAY).digest


def files(snapshot, table="invoices", bucket=0):
    """Return a table's part files by the part's name."""
    found = (snapshot.folder / f"bucket={bucket:05d}" / table).iterdir()
    return {file.name.rpartition("-")[0]: file for file in sorted(found)}


def test_an_equal_snapshot_is_used_again(firm):
    first = take_snapshot(invoices(firm), DAY)
    file = files(first)["2024-05"]
    written = file.stat().st_mtime_ns
    second = take_snapshot(invoices(firm), DAY)
    assert (second.folder, file.stat().st_mtime_ns) == (first.folder, written)
    assert second == first


def test_a_snapshot_with_a_file_missing_is_written_again(firm):
    first = take_snapshot(invoices(firm), DAY)
    files(first)["2024-05"].unlink()
    assert len(lines(take_snapshot(invoices(firm), DAY))) == 4


def test_nothing_but_snapshots_is_left_behind(firm):
    snapshot = take_snapshot(invoices(firm), DAY)
    other = take_snapshot(invoices(firm, run={"rows_per_bucket": 1}), DAY)
    state = firm.folder / ".keepgrow" / "firm"
    assert [path.name for path in state.iterdir()] == ["snapshots"]
    assert {*(state / "snapshots").iterdir()} == {snapshot.folder, other.folder}
    assert not [path for path in state.rglob("*") if path.name.endswith(".writing")]


# ---- history ----


def test_a_history_sees_what_was_known(firm):
    history = take_snapshot(invoices(firm), DAY).history(0)
    view = history.upto(date(2024, 5, 3))
    # The line of 2 May is a date, so it is known at midnight of the 3rd, and visible after that.
    assert [int(amount) for amount in view.tables["invoices"].columns["amount"]] == [100000]
    assert list(view.accounts[view.seen]) == ["a"]
    assert len(history.upto(DAY).tables["invoices"]) == 4


def test_first_days_are_those_of_all_buckets(firm):
    snapshot = take_snapshot(invoices(firm, run={"rows_per_bucket": 1}), DAY)
    firsts = {snapshot.history(bucket).upto(DAY).first_days["invoices"] for bucket in range(4)}
    assert firsts == {instant(date(2024, 5, 1))}


def test_columns_name_what_is_mapped_for_every_table(firm):
    firm.csv("rates.csv", "currency,rate_on,rate\nUSD,2024-01-01,0.9")
    columns = take_snapshot(invoices(firm, tables={"rates": {"source": "rates.csv"}}), DAY).columns
    assert columns == {
        "invoices": ("account_id", "issued_at", "amount", "product"),
        "rates": ("currency", "rate_on", "rate"),
    }


def test_excluded_attributes_are_nowhere(firm):
    firm.csv("accounts.csv", "account_id,segment,gender\na,small,f")
    mapped = {"account_id": "account_id", "segment": "segment", "gender": {"column": "gender", "role": "exclude"}}
    snapshot = take_snapshot(invoices(firm, tables={"accounts": {"source": "accounts.csv", "columns": mapped}}), DAY)
    assert snapshot.columns["accounts"] == ("account_id", "segment")
    assert pq.read_schema(files(snapshot, "accounts")["all"]).names == ["account_id", "segment"]


def test_of_two_rows_of_an_account_of_today_one_is_used_whatever_is_read(firm):
    rows = "account_id,segment,country\na,x2,y1\na,x1,y2\n" + "".join(f"b{n},x1,y1\n" for n in range(9))
    firm.csv("accounts.csv", rows)
    settings = firm.settings(
        tables={"accounts": {"source": "accounts.csv"}},
        accounts={"features": ["segment", "country"], "constant": ["segment", "country"]},
        engine={"buckets": 2},
    )
    snapshot = take_snapshot(settings, DAY)
    (bucket,) = (number for number in range(2) if "a" in snapshot.ids(number).to_pylist())
    for columns in (None, {"accounts": ["segment"]}, {"accounts": ["country"]}, {"accounts": ["country", "segment"]}):
        used = snapshot.history(bucket, columns=columns).upto(DAY).tables["accounts"]
        (row,) = np.flatnonzero(used.account == 0)
        for name, text in (("segment", "x1"), ("country", "y2")):
            if columns is None or name in columns["accounts"]:
                assert used.categories[name][used.columns[name][row]] == text


def test_a_constant_attribute_is_visible_in_the_past_and_others_are_not(firm):
    firm.csv("accounts.csv", "account_id,country,segment\na,DK,small\nb,SE,large\nc,SE,large")
    settings = invoices(
        firm,
        tables={"accounts": {"source": "accounts.csv"}},
        accounts={"features": ["country"], "constant": ["country"]},
    )
    rows = take_snapshot(settings, DAY).history(0).upto(date(2024, 6, 1)).tables["accounts"]
    assert "segment" not in rows
    assert [rows.categories["country"][at] for at in rows.columns["country"]] == ["DK", "SE", "SE"]


# ---- days ----

TIMES = """
    account_id,issued_at,amount
    a,2024-05-01 10:00:00,1
    a,2024-05-20 10:00:00,1
    a,2024-05-31 00:00:00,1
"""


@pytest.mark.parametrize(
    ("today", "until"),
    [
        (date(2024, 5, 2), date(2024, 5, 1)),
        (date(2024, 5, 20), date(2024, 5, 1)),
        (date(2024, 5, 21), date(2024, 5, 20)),
        (date(2024, 5, 31), date(2024, 5, 31)),
        (date(2024, 9, 1), date(2024, 5, 31)),
    ],
)
def test_data_until_is_the_day_of_the_latest_row_known_by_today(firm, today, until):
    assert take_snapshot(invoices(firm, TIMES), DAY).data_until(["invoices"], today) == until


def test_data_until_is_the_least_over_the_tables_that_are_there(firm):
    firm.csv("calls.csv", "account_id,occurred_at,kind\na,2024-05-10 09:00:00,call")
    snapshot = take_snapshot(invoices(firm, TIMES, tables={"interactions": {"source": "calls.csv"}}), DAY)
    assert snapshot.data_until(["invoices", "interactions", "holdings"], DAY) == date(2024, 5, 10)
    with pytest.raises(AsOfError, match="no row of interactions was known by 2024-05-05"):
        snapshot.data_until(["invoices", "interactions"], date(2024, 5, 5))
    with pytest.raises(AsOfError, match="none of these tables has rows: holdings"):
        snapshot.data_until(["holdings"], DAY)


def test_the_config_overrides_data_until_but_not_past_today(firm):
    snapshot = take_snapshot(invoices(firm, TIMES, time={"data_until": "2024-05-15"}), DAY)
    assert snapshot.data_until(["invoices"], DAY) == date(2024, 5, 15)
    assert snapshot.data_until(["invoices"], date(2024, 5, 3)) == date(2024, 5, 3)


def test_an_as_of_must_lie_within_the_data(firm):
    snapshot = take_snapshot(invoices(firm, TIMES), DAY)
    assert (snapshot.first_day(), snapshot.last_day()) == (date(2024, 5, 1), date(2024, 5, 31))
    for fine in (date(2024, 5, 2), date(2024, 7, 1)):
        check_as_of(snapshot, fine)
    with pytest.raises(
        AsOfError, match=r"nothing is known at as_of 2024-05-01: the data cover 2024-05-01 to 2024-05-31"
    ):
        check_as_of(snapshot, date(2024, 5, 1))
    with pytest.raises(
        AsOfError, match=r"more than 31 days after the last row: the data cover 2024-05-01 to 2024-05-31"
    ):
        check_as_of(snapshot, date(2024, 7, 2))


# ---- display and exclusions ----


def shown(snapshot, as_of):
    frame = snapshot.display(as_of)
    assert list(frame.columns) == ["account_id", "name", "account_manager", "team", "segment", "country"]
    return frame[["account_id", "name", "account_manager"]].to_numpy().tolist()


def test_without_accounts_ids_come_from_the_other_tables(firm):
    snapshot = take_snapshot(invoices(firm), DAY)
    assert "accounts" not in snapshot.columns
    assert shown(snapshot, DAY) == [["a", None, None], ["b", None, None], ["c", None, None]]


def test_accounts_of_today_are_shown_as_they_are_today(firm):
    firm.csv("accounts.csv", "account_id,name,account_manager\na,Acme,Ida\nd,Dorn,")
    settings = invoices(firm, tables={"accounts": {"source": "accounts.csv"}}, run={"rows_per_bucket": 2})
    rows = [["a", "Acme", "Ida"], ["b", None, None], ["c", None, None], ["d", "Dorn", None]]
    assert shown(take_snapshot(settings, DAY), date(2020, 1, 1)) == rows


def test_accounts_with_versions_are_shown_as_they_were_known(firm):
    firm.csv(
        "accounts.csv",
        """
        account_id,name,account_manager,known_at
        a,Acme,Ida,2024-01-01 00:00:00
        a,Acme,Bo,2024-06-01 00:00:00
        b,Bolt,Ida,2024-06-01 00:00:00
        """,
    )
    snapshot = take_snapshot(invoices(firm, tables={"accounts": {"source": "accounts.csv"}}), DAY)
    assert shown(snapshot, date(2024, 5, 1)) == [["a", "Acme", "Ida"], ["b", None, None], ["c", None, None]]
    assert shown(snapshot, date(2024, 7, 1)) == [["a", "Acme", "Bo"], ["b", "Bolt", "Ida"], ["c", None, None]]


def test_exclusions_in_force(firm):
    firm.csv(
        "excluded.csv",
        """
        account_id,reason,from,until
        a,objection,,
        a,insolvency,2024-06-01,
        b,legal hold,2024-01-01,2024-06-01
        c,do not contact,2024-06-01,9999-12-31
        """,
    )
    snapshot = take_snapshot(invoices(firm, tables={"exclusions": {"source": "excluded.csv"}}), DAY)
    assert snapshot.excluded(date(2024, 5, 31)).to_numpy().tolist() == [["a", "objection"], ["b", "legal hold"]]
    assert snapshot.excluded(date(2024, 6, 1)).to_numpy().tolist() == [
        ["a", "insolvency; objection"],
        ["c", "do not contact"],
    ]


def test_an_exclusion_without_a_reason_holds(firm):
    for text in ("account_id,reason\na,\nb,objection", "account_id\na\nb"):
        firm.csv("excluded.csv", text)
        snapshot = take_snapshot(invoices(firm, tables={"exclusions": {"source": "excluded.csv"}}), DAY)
        reason = "objection" if "reason" in text else "no reason given"
        assert snapshot.excluded(DAY).to_numpy().tolist() == [["a", "no reason given"], ["b", reason]]


def test_an_exclusion_that_begins_in_the_day_of_the_list_holds_for_it(firm):
    firm.csv("excluded.csv", "account_id,from,until\na,2024-06-01 23:59:59,\nb,,2024-06-01 00:00:01\nc,2024-06-02,")
    snapshot = take_snapshot(invoices(firm, tables={"exclusions": {"source": "excluded.csv"}}), DAY)
    assert snapshot.excluded(date(2024, 6, 1))["account_id"].tolist() == ["a", "b"]
    assert snapshot.excluded(date(2024, 5, 31))["account_id"].tolist() == ["b"]
    assert snapshot.excluded(date(2024, 6, 2))["account_id"].tolist() == ["a", "c"]


def test_a_rejected_exclusion_stops_the_run(firm):
    rows = [f"a{n},," for n in range(99)]
    firm.csv("excluded.csv", "\n".join(["account_id,from,until", *rows, "b,soon,"]))
    settings = invoices(firm, tables={"exclusions": {"source": "excluded.csv"}})
    with pytest.raises(
        ContractError, match=r"exclusions: from unreadable \(1 of 100 rows, 1.0 %, for example account_id=b, found soon"
    ):
        take_snapshot(settings, DAY)


def test_without_exclusions_nobody_is_excluded(firm):
    assert take_snapshot(invoices(firm), DAY).excluded(DAY).empty


# ---- what can go wrong ----


def test_a_state_folder_that_cannot_be_written(firm):
    (firm.folder / "taken").touch()
    with pytest.raises(StoreError, match=r"state folder .*taken.* cannot be written"):
        take_snapshot(invoices(firm, state="taken/inside"), DAY)


def test_a_folder_that_is_no_snapshot(firm):
    with pytest.raises(SourceError, match="holds no readable snapshot"):
        open_snapshot(firm.folder)


def test_a_snapshot_of_another_shape(firm):
    snapshot = take_snapshot(invoices(firm), DAY)
    (snapshot.folder / "snapshot.json").write_text(json.dumps({"digest": "x"}))
    with pytest.raises(SourceError, match="KeyError: 'buckets'"):
        open_snapshot(snapshot.folder)


def test_a_damaged_bucket(firm):
    snapshot = take_snapshot(invoices(firm), DAY)
    files(snapshot)["2024-05"].write_bytes(b"PAR1")
    with pytest.raises(SourceError, match=r"2024-05-\w+.parquet cannot be read.* Remove"):
        snapshot.history(0).upto(DAY).rows("invoices")
