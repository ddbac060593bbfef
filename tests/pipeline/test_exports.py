"""Exports: the published list as files, whole or not at all, that a spreadsheet opens safely."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import SinkError, StoreError
from pipeline.exports import COLUMNS, Sink, canonical_csv, export, guarded, unguarded, write
from pipeline.store import RunRecord, Store

AT = datetime(2026, 1, 31, 5, 0, tzinfo=UTC)
RECORD = RunRecord(
    as_of=date(2026, 1, 31), target="churn", model_name="keepgrow-churn", model_version="3", model_digest="m1",
    feature_digest="f1", settings_digest="s1", code_version="0.1.0", created_at=AT,
    counts={"scored": 1, "listed": 1, "leaving": 1, "too_new": 0},
)  # fmt: skip
NEXT = replace(RECORD, as_of=date(2026, 2, 1))

ROWS = pd.DataFrame({
    "account_id": ["-7", "z"], "section": ["call", "leaving"], "rank": [1, None], "manager_rank": [1, None],
    "name": ["=HYPERLINK(1)", 'Ærø, "Ltd"'], "account_manager": "Ann", "team": None, "probability": [0.7, None],
    "band": ["High, about 7 in 10", None], "observed_rate": [2 / 3, None], "observed_low": [0.5, None],
    "observed_high": [0.8, None], "value_at_stake": [1200.0, 90.004], "expected_value": [-0.001, None],
    "reasons": [[{"text": "no login for 40 days"}, {"text": "2 invoices overdue"}], []], "play": ["call", None],
    "change": ["up 2", "new"], "previous_probability": [0.65, None],
})  # fmt: skip
SCORES = pd.DataFrame({
    "account_id": ["-7", "z"], "section": ["cohort", "leaving"], "probability": [0.7, None],
    "value_at_stake": [1200.0, 90.0], "expected_value": [-0.001, None],
})  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path}/store.db") as opened:
        opened.publish(RECORD, ROWS, SCORES, excluded=())
        yield opened


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    return tmp_path / "lists"


def never(seconds: float) -> None:
    raise AssertionError(f"waited {seconds} s")


def test_canonical_csv_is_typed_here_byte_for_byte() -> None:
    run = RECORD.run_id
    assert canonical_csv(RECORD, ROWS).decode() == (
        "rank,account_id,name,account_manager,team,section,probability,likely_month,band,observed_rate,"
        "observed_low,observed_high,value_at_stake,expected_value,currency,reasons,play,change,previous_probability,manager_rank,target,as_of,"
        "run_id\n"
        "1,'-7,'=HYPERLINK(1),Ann,,call,0.700000,,\"High, about 7 in 10\",0.666667,0.500000,0.800000,"
        "1200.00,0.00,EUR,no login for 40 days; 2 invoices overdue,call,up 2,0.650000,1,churn,2026-01-31,"
        f"{run}\n"
        ',z,"Ærø, ""Ltd""",Ann,,leaving,,,,,,,'
        f"90.00,,EUR,,,new,,,churn,2026-01-31,{run}\n"
    )


def test_a_list_of_the_first_form_has_no_likely_month_and_later_ones_have() -> None:
    rows = ROWS.assign(likely_month=["2026-03", None])
    first, second = (canonical_csv(replace(RECORD, form=form), rows).decode().splitlines() for form in (None, 2))
    assert "likely_month" not in first[0]
    assert "2026-03" not in first[1]
    assert second[0].split(",")[6:9] == ["probability", "likely_month", "band"]
    assert second[1].split(",")[6:8] == ["0.700000", "2026-03"]


def test_canonical_csv_depends_on_neither_the_order_of_rows_nor_on_the_store(store: Store) -> None:
    read_back = store.rows(RECORD.run_id)
    assert canonical_csv(RECORD, ROWS.iloc[::-1]) == canonical_csv(store.run(RECORD.run_id), read_back)


def test_a_list_is_exported_as_the_current_one_and_kept(store: Store, lists: Path) -> None:
    (status,) = export(store, "churn", [Sink("csv", lists)], AT)
    assert (status.status, status.error) == ("done", None)
    assert sorted(str(file.relative_to(lists)) for file in lists.rglob("*.*")) == [
        "churn.csv",
        f"history/{RECORD.run_id}.csv",
    ]
    current = (lists / "churn.csv").read_bytes()
    assert current == b"\xef\xbb\xbf" + canonical_csv(RECORD, ROWS)
    assert (lists / "history" / f"{RECORD.run_id}.csv").read_bytes() == current
    assert store.exports(RECORD.run_id) == {f"csv:{lists}": status}


def test_parquet_keeps_types_and_text_as_it_is(store: Store, lists: Path) -> None:
    export(store, "churn", [Sink("parquet", lists)], AT)
    table = pq.read_table(lists / "churn.parquet")
    assert tuple(table.column_names) == COLUMNS
    rows = table.to_pylist()
    assert (rows[0]["rank"], rows[0]["account_id"], rows[0]["name"]) == (1, "-7", "=HYPERLINK(1)")
    assert rows[0]["reasons"] == ["no login for 40 days", "2 invoices overdue"]
    assert rows[0]["as_of"] == date(2026, 1, 31)
    assert (rows[1]["rank"], rows[1]["probability"], rows[1]["team"]) == (None, None, None)
    assert str(table.schema.field("team").type) == "string"


def test_the_next_list_takes_the_place_of_the_current_one(store: Store, lists: Path) -> None:
    sink = Sink("csv", lists)
    export(store, "churn", [sink], AT)
    store.publish(NEXT, ROWS.assign(name="next"), SCORES, excluded=())
    export(store, "churn", [sink], AT)
    assert pd.read_csv(lists / "churn.csv")["name"].tolist() == ["next", "next"]
    assert len(list((lists / "history").iterdir())) == 2
    # And a rollback brings the old one back, though it was exported before.
    store.rollback("churn", RECORD.run_id, "ops", AT, excluded=())
    export(store, "churn", [sink], AT)
    assert (lists / "churn.csv").read_bytes() == b"\xef\xbb\xbf" + canonical_csv(RECORD, ROWS)


def test_a_rerun_writes_what_is_missing_and_leaves_the_rest(store: Store, lists: Path) -> None:
    sinks = [Sink("csv", lists), Sink("parquet", lists)]
    before = export(store, "churn", sinks, AT)
    (lists / "churn.csv").unlink()
    untouched = (lists / "churn.parquet").stat().st_mtime_ns
    after = export(store, "churn", sinks, AT.replace(hour=9))
    assert [status.at.hour for status in after] == [9, 5]
    assert after[0].digest == before[0].digest
    assert (lists / "churn.csv").exists()
    assert (lists / "churn.parquet").stat().st_mtime_ns == untouched


def test_a_file_that_somebody_changed_is_written_again(store: Store, lists: Path) -> None:
    export(store, "churn", [Sink("csv", lists)], AT)
    (lists / "churn.csv").write_text("mine")
    export(store, "churn", [Sink("csv", lists)], AT)
    assert (lists / "churn.csv").read_bytes() == b"\xef\xbb\xbf" + canonical_csv(RECORD, ROWS)


def test_a_target_that_cannot_be_written_is_tried_again_then_reported(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    waits: list[float] = []
    blocked, open_ = Sink("csv", tmp_path / "file" / "in"), Sink("csv", tmp_path / "lists")
    failed, done = export(store, "churn", [blocked, open_], AT, wait=waits.append)
    assert waits == [1.0, 2.0]
    assert (failed.status, failed.digest) == ("failed", None)
    assert "is published, but" in str(failed.error)
    assert "cannot be written: Not a directory" in str(failed.error)
    assert done.status == "done"
    # The list stays published, and a rerun completes the export once the way is free.
    assert store.published("churn").run_id == RECORD.run_id
    (tmp_path / "file").unlink()
    assert [status.status for status in export(store, "churn", [blocked, open_], AT, wait=never)] == ["done", "done"]


def test_a_target_that_is_free_again_at_the_second_attempt(store: Store, tmp_path: Path) -> None:
    obstacle = tmp_path / "lists"
    obstacle.write_text("in the way")
    (status,) = export(store, "churn", [Sink("csv", obstacle)], AT, wait=lambda _: obstacle.unlink())
    assert status.status == "done"


def test_writing_a_sink_raises_in_words(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    run = store.published("churn")
    with pytest.raises(SinkError, match="make its folder writable, then run the same command again"):
        write(run, ROWS, Sink("csv", tmp_path / "file"))
    with pytest.raises(SinkError, match="no export of kind 'cvs'; did you mean 'csv'"):
        write(run, ROWS, Sink("cvs", tmp_path / "lists"))


def test_nothing_published_is_an_error(store: Store, lists: Path) -> None:
    with pytest.raises(StoreError, match="nothing is published for target 'upsell'"):
        export(store, "upsell", [Sink("csv", lists)], AT)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "'=1", "＝1"])
def test_text_that_a_spreadsheet_would_run_is_guarded(text: str) -> None:
    assert guarded(text) == "'" + text


@pytest.mark.parametrize("text", ["", "Smith & Co", "a=b", "'quoted'", "o'Hara", " plain", "2-1"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert guarded(text) == text


@given(st.text(st.sampled_from("'=+-@ \t\r\na＝"), max_size=6) | st.text(max_size=6))
def test_guarded_text_comes_back_and_never_starts_a_formula(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_reasons_are_guarded_too() -> None:
    rows = ROWS.assign(reasons=[["=1+1", "b"], []])
    (first, _) = csv.DictReader(io.StringIO(canonical_csv(RECORD, rows).decode()))
    assert first["reasons"] == "'=1+1; b"
