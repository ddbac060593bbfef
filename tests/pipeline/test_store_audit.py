"""The audit: a run with a fault is not published, and leaves no trace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline.errors import StoreError
from pipeline.store import RunRecord, Store

NAN, INF = float("nan"), float("inf")
RECORD = RunRecord(
    as_of=date(2026, 1, 31), target="churn", model_name="keepgrow-churn", model_version="3", model_digest="m1",
    feature_digest="f1", settings_digest="s1", code_version="0.1.0", created_at=datetime(2026, 1, 31, tzinfo=UTC),
    counts={"scored": 2, "listed": 2, "leaving": 0, "too_new": 0},
)  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path}/store.db") as opened:
        yield opened


ROWS: dict[str, Any] = {
    "account_id": ["a", "b"], "section": "call", "rank": [1, 2], "account_manager": "Ann", "probability": 0.5,
    "value_at_stake": 100.0, "expected_value": 50.0, "reasons": [[], []],
}  # fmt: skip
SCORES: dict[str, Any] = {
    "account_id": ["a", "b"], "section": "cohort", "probability": 0.5, "value_at_stake": 100.0, "expected_value": 50.0,
}  # fmt: skip


def refused(store: Store, record: RunRecord, rows: dict, scores: dict, excluded: tuple[str, ...] = ()) -> str:
    with pytest.raises(StoreError) as caught:
        store.publish(record, pd.DataFrame(rows), pd.DataFrame(scores), excluded=excluded)
    assert store.runs() == []
    assert store.published("churn") is None
    assert store.publications() == []
    return str(caught.value)


def test_a_run_without_a_fault_passes(store: Store) -> None:
    assert store.publish(RECORD, pd.DataFrame(ROWS), pd.DataFrame(SCORES), excluded=("c",)).moved


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"rank": [1, 3]}, "2 rows to call need the ranks 1 to 2, found 2 ranks from 1 to 3"),
        ({"rank": [1, 1]}, "found 1 ranks from 1 to 1"),
        ({"rank": [0, 1]}, "found 2 ranks from 0 to 1"),
        ({"rank": [1, None]}, "found 1 ranks from 1 to 1"),
        ({"probability": [0.5, 1.5]}, "1 rows of list_rows have a probability that is missing or outside 0 to 1"),
        ({"probability": [-0.5, 0.5]}, "outside 0 to 1 (account 'a')"),
        ({"probability": [0.5, NAN]}, "1 rows of list_rows have a probability that is missing"),
        ({"value_at_stake": [INF, 1.0]}, "1 rows of list_rows have no finite value_at_stake (account 'a')"),
        ({"expected_value": [1.0, -INF]}, "1 rows of list_rows have no finite expected_value (account 'b')"),
        ({"expected_value": [1.0, NAN]}, "no finite expected_value (account 'b')"),
        ({"account_id": ["a", "c"]}, "1 rows of list_rows have no score (account 'c')"),
        ({"account_id": ["a", "a"]}, "the list's rows hold account 'a' more than once"),
        ({"section": ["call", "maybe"]}, "the section 'maybe'; expected one of call, leaving, too_new"),
        ({"section": ["call", "leaving"]}, "1 rows that are not to be called have a rank"),
        ({"probabilty": 0.5}, "a column that is not kept, 'probabilty'; did you mean 'probability'"),
    ],
)
def test_a_fault_in_the_rows(store: Store, rows: dict[str, Any], message: str) -> None:
    assert message in refused(store, RECORD, ROWS | rows, SCORES)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ({"probability": [0.5, NAN]}, "1 rows of scores have a probability that is missing or outside 0 to 1"),
        ({"probability": [2.0, 0.5]}, "1 rows of scores have a probability"),
        ({"expected_value": [INF, 1.0]}, "1 rows of scores have no finite expected_value (account 'a')"),
        ({"account_id": ["b", "b"]}, "the scores hold account 'b' more than once"),
        ({"section": ["cohort", "leaving"]}, "counts say scored = 2, the store holds 1"),
    ],
)
def test_a_fault_in_the_scores(store: Store, scores: dict[str, Any], message: str) -> None:
    assert message in refused(store, RECORD, ROWS, SCORES | scores)


@pytest.mark.parametrize("name", ["scored", "listed", "leaving", "too_new"])
def test_counts_that_differ_from_what_was_written(store: Store, name: str) -> None:
    wrong = replace(RECORD, counts={**RECORD.counts, name: 9})
    assert f"counts say {name} = 9" in refused(store, wrong, ROWS, SCORES)


def test_counts_that_are_absent(store: Store) -> None:
    assert "counts say listed = None, the store holds 2" in refused(store, replace(RECORD, counts={}), ROWS, SCORES)


def test_an_excluded_account_on_the_list_or_among_the_scores(store: Store) -> None:
    message = refused(store, RECORD, ROWS, SCORES, excluded=("b", "x"))
    assert "1 excluded accounts are in list_rows (account 'b'); 1 excluded accounts are in scores" in message


def test_all_faults_are_told_at_once(store: Store) -> None:
    message = refused(store, RECORD, ROWS | {"rank": [1, 3], "probability": 7.0}, SCORES)
    assert "need the ranks 1 to 2" in message
    assert "2 rows of list_rows have a probability" in message


def test_a_missing_column(store: Store) -> None:
    rows = {name: value for name, value in ROWS.items() if name != "reasons"}
    assert "the list's rows lack the column 'reasons'" in refused(store, RECORD, rows, SCORES)


def test_reasons_that_are_no_json(store: Store) -> None:
    message = refused(store, RECORD, ROWS | {"reasons": [[{"contribution": NAN}], []]}, SCORES)
    assert "cannot be written" in message


def test_a_faulty_run_leaves_the_published_one_alone(store: Store) -> None:
    store.publish(RECORD, pd.DataFrame(ROWS), pd.DataFrame(SCORES), excluded=())
    later = replace(RECORD, as_of=date(2026, 2, 1))
    with pytest.raises(StoreError, match="failed its audit"):
        store.publish(later, pd.DataFrame(ROWS | {"rank": [2, 3]}), pd.DataFrame(SCORES), excluded=())
    assert [run.as_of for run in store.runs()] == [date(2026, 1, 31)]
    assert store.published("churn").as_of == date(2026, 1, 31)
