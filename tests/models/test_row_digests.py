"""Digests of rows: neither their order nor parts change them, and anything else does."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pytest

from models.row_digests import RowDigest, digest_of


def rows(**changes: object) -> pa.Table:
    columns = {
        "account_id": ["a", "b", "c"],
        "calls": [1.0, None, 3.0],
        "segment": ["trade", None, ""],
        "ends_on": pa.array([None, datetime.fromisoformat("2026-01-01"), None], pa.timestamp("us")),
    }
    return pa.table(columns | changes)


def test_order_and_parts_change_nothing() -> None:
    whole = RowDigest.of(rows())
    assert whole.rows == 3
    assert RowDigest.of(rows().take([2, 0, 1])) == whole
    assert RowDigest.of(rows().slice(0, 1)) + RowDigest.of(rows().slice(1)) == whole
    assert RowDigest() + whole == whole
    assert RowDigest.read(whole.plain()) == whole


def test_how_a_column_is_stored_changes_nothing() -> None:
    table = rows()
    coded = table.set_column(2, "segment", table["segment"].dictionary_encode())
    assert RowDigest.of(coded) == RowDigest.of(table)
    assert RowDigest.of(rows(calls=[1.0, float("nan"), 3.0])) == RowDigest.of(table)
    blank = rows(segment=pa.array([None] * 3, pa.string()))
    assert RowDigest.of(rows(segment=pa.nulls(3))) == RowDigest.of(blank)


@pytest.mark.parametrize(
    "change",
    [
        {"account_id": ["a", "b", "d"]},
        {"calls": [1.0, None, 3.0000000000000004]},
        {"calls": [1.0, 0.0, 3.0]},
        {"segment": ["trade", "", ""]},
        {"segment": [None, "trade", ""]},
        {"ends_on": pa.array([None, datetime.fromisoformat("2026-01-02"), None], pa.timestamp("us"))},
    ],
)
def test_any_other_value_changes_it(change: dict[str, object]) -> None:
    assert RowDigest.of(rows(**change)) != RowDigest.of(rows())


def test_a_row_twice_is_not_a_row_once() -> None:
    assert RowDigest.of(rows().take([0, 0, 1, 2])) != RowDigest.of(rows())
    assert RowDigest.of(rows().take([0, 0])) != RowDigest.of(rows().take([1, 1]))


def test_texts_do_not_run_together() -> None:
    one, other = (pa.table({"a": [left], "b": [right]}) for left, right in (("ab", "c"), ("a", "bc")))
    assert RowDigest.of(one) != RowDigest.of(other)


def test_the_digest_of_tables_tells_their_names_and_columns_apart() -> None:
    found = RowDigest.of(rows())
    told = digest_of([("features", ["calls"], found)])
    assert told == digest_of([("features", ("calls",), found)])
    assert told != digest_of([("features", ["meetings"], found)])
    assert told != digest_of([("standing", ["calls"], found)])
    assert len(told) == 64
