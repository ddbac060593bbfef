"""Past lists again: the same bytes, and an error where the store no longer says what it said."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from pipeline.errors import StoreError
from pipeline.exports import canonical_csv
from pipeline.rebuild import rebuild
from pipeline.store import RunRecord, Store

RECORD = RunRecord(
    as_of=date(2026, 1, 31), target="churn", model_name="keepgrow-churn", model_version="3", model_digest="m1",
    feature_digest="f1", settings_digest="s1", code_version="0.0.9", created_at=datetime(2026, 1, 31, tzinfo=UTC),
    counts={"scored": 3, "listed": 3, "leaving": 1, "too_new": 1},
)  # fmt: skip
ROWS = pd.DataFrame({
    "account_id": ["a", "b", "c", "y", "z"], "section": ["call", "call", "call", "leaving", "too_new"],
    "rank": [1, 2, 3, None, None], "name": ["Ærø & Co", None, "=1+1", "Bo, Ltd", 'Si "x"'], "account_manager": "Ann",
    "probability": [2 / 3, 0.1 + 0.2, 1e-9, None, None], "value_at_stake": [1e6 / 3, 2.005, 0.0, 5.0, None],
    "expected_value": [1e6 / 7, -0.0, 0.0, None, None], "reasons": [[{"text": "købte 3"}, {"text": "x"}], *[[]] * 4],
    **dict.fromkeys(["team", "band", "observed_rate", "observed_low", "observed_high", "play", "change"]),
    **dict.fromkeys(["manager_rank", "previous_probability"]),
})  # fmt: skip
SCORES = ROWS[["account_id", "section", "probability", "value_at_stake", "expected_value"]].replace(
    {"section": {"call": "cohort"}}
)
PUBLISHED = canonical_csv(RECORD, ROWS)
SIGNED = replace(RECORD, rows_digest=hashlib.sha256(PUBLISHED).hexdigest())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    with Store(f"sqlite:///{file}") as opened:
        opened.publish(SIGNED, ROWS, SCORES, excluded=())
        yield opened


def change(file: Path, statement: str) -> None:
    connection = sqlite3.connect(file)
    assert connection.execute(statement).rowcount == 1
    connection.commit()
    connection.close()


def test_a_list_is_rebuilt_to_the_byte(store: Store) -> None:
    rebuilt = rebuild(store, store.run(RECORD.run_id))
    assert rebuilt.content == PUBLISHED
    assert (rebuilt.checked, rebuilt.removed, rebuilt.digest) == (True, (), SIGNED.rows_digest)
    assert rebuilt.said == f"run {RECORD.run_id} is the list as it was published: its SHA-256 is {SIGNED.rows_digest}"


@pytest.mark.parametrize("changed", ["name = 'Bo'", "probability = probability + 0.00001", "reasons = '[\"y\"]'"])
def test_rows_that_were_changed_since_are_an_error_that_names_both_digests(
    store: Store, file: Path, changed: str
) -> None:
    change(file, f"UPDATE list_rows SET {changed} WHERE account_id = 'b'")
    with pytest.raises(StoreError) as caught:
        rebuild(store, store.run(RECORD.run_id))
    said = str(caught.value)
    assert f"the list of run {RECORD.run_id} is not what was published" in said
    assert f"published was {SIGNED.rows_digest}. Its rows in the store" in said
    assert "keepgrow 0.0.9 made it" in said


def test_rows_that_are_gone_are_named(store: Store, file: Path) -> None:
    change(file, "DELETE FROM list_rows WHERE account_id = 'b'")
    change(file, "DELETE FROM list_rows WHERE account_id = 'y'")
    rebuilt = rebuild(store, store.run(RECORD.run_id))
    assert rebuilt.removed == ("the row of rank 2", "1 row of accounts that were leaving")
    assert not rebuilt.checked
    assert (
        "given without the row of rank 2, 1 row of accounts that were leaving, removed from the store" in rebuilt.said
    )
    assert rebuilt.content.count(b"\n") == PUBLISHED.count(b"\n") - 2


def test_a_list_without_a_digest_is_given_and_said_to_be_unchecked(file: Path) -> None:
    with Store(f"sqlite:///{file}") as store:
        store.publish(RECORD, ROWS, SCORES, excluded=())
        rebuilt = rebuild(store, store.run(RECORD.run_id))
    assert (rebuilt.content, rebuilt.checked) == (PUBLISHED, False)
    assert "kept no SHA-256 of lists" in rebuilt.said
