"""Publishing: one transaction, one pointer that moves forward, and nothing that is ever lost or changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline.errors import StoreError
from pipeline.store import ROW_COLUMNS, RunRecord, Store, audit

AT = datetime(2026, 1, 31, 5, 0, tzinfo=UTC)
RECORD = RunRecord(
    as_of=date(2026, 1, 31), target="churn", model_name="keepgrow-churn", model_version="3", model_digest="m1",
    feature_digest="f1", settings_digest="s1", code_version="0.1.0", created_at=AT,
    counts={"scored": 3, "listed": 2, "leaving": 1, "too_new": 0},
)  # fmt: skip
LATER = replace(RECORD, as_of=date(2026, 2, 1))
EARLIER = replace(RECORD, as_of=date(2026, 1, 30))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path}/store.db") as opened:
        yield opened


def a_list(**changes: Any) -> pd.DataFrame:
    """Two accounts to call and one that is leaving."""
    rows = {
        "account_id": ["b", "a", "z"],
        "section": ["call", "call", "leaving"],
        "rank": [1, 2, None],
        "manager_rank": [1, 1, None],
        "name": ["Bo & Co", None, "Zed"],
        "account_manager": ["Ann", "unassigned", "Ann"],
        "probability": [0.5, 0.25, None],
        "value_at_stake": [1000.0, 400.0, 90.0],
        "expected_value": [500.0, 100.0, None],
        "reasons": [[{"family": "recency", "text": "no login for 40 days"}], [], []],
        "change": ["new", "up 3", "new"],
    }
    return pd.DataFrame(rows | changes)


def all_scores(**changes: Any) -> pd.DataFrame:
    scores = {
        "account_id": ["a", "b", "c", "z"],
        "section": ["cohort", "cohort", "cohort", "leaving"],
        "probability": [0.25, 0.5, 0.0, None],
        "value_at_stake": [400.0, 1000.0, 10.0, 90.0],
        "expected_value": [100.0, 500.0, 0.0, None],
    }
    return pd.DataFrame(scores | changes)


def publish(store: Store, record: RunRecord = RECORD, **changes: Any) -> Any:
    return store.publish(record, a_list(**changes), all_scores(), excluded=())


def test_a_published_list_reads_back_as_it_was_written(store: Store) -> None:
    result = publish(store)
    assert (result.sequence, result.new, result.moved) == (1, True, True)
    run = store.published("churn")
    assert run is not None
    assert run.run_id == result.run_id == RECORD.run_id
    assert (run.as_of, run.model_version, run.created_at, run.published) == (RECORD.as_of, "3", AT, True)
    assert run.counts == {"scored": 3, "listed": 2, "leaving": 1, "too_new": 0}
    rows = store.rows(run.run_id)
    assert tuple(rows.columns) == ROW_COLUMNS
    assert rows["account_id"].tolist() == ["b", "a", "z"]
    assert rows["rank"].tolist()[:2] == [1, 2]
    assert rows["rank"].isna().tolist() == [False, False, True]
    assert rows["probability"].tolist()[:2] == [0.5, 0.25]
    assert rows["name"].tolist() == ["Bo & Co", None, "Zed"]
    assert rows["reasons"].tolist() == [[{"family": "recency", "text": "no login for 40 days"}], [], []]
    assert store.scores(run.run_id)["account_id"].tolist() == ["a", "b", "c", "z"]
    assert store.scores(run.run_id)["expected_value"].tolist()[:3] == [100.0, 500.0, 0.0]


def test_rows_come_in_the_lists_order_whatever_the_order_they_were_given_in(store: Store) -> None:
    result = store.publish(RECORD, a_list().iloc[::-1], all_scores().iloc[::-1], excluded=())
    assert store.rows(result.run_id)["account_id"].tolist() == ["b", "a", "z"]


def test_nothing_is_published_at_first(store: Store) -> None:
    assert store.published("churn") is None
    assert store.runs() == []
    assert store.feedback_until() == 0


def test_a_rerun_with_the_same_inputs_changes_nothing_and_says_so(store: Store) -> None:
    publish(store)
    audit = store.publications()
    # Neither when it ran nor what else it might have listed makes it another run.
    again = publish(store, replace(RECORD, created_at=AT.replace(hour=9)), name=["other", "other", "other"])
    assert (again.sequence, again.new, again.moved) == (1, False, False)
    assert "Nothing changed" in again.said
    assert store.publications() == audit
    assert store.rows(RECORD.run_id)["name"].tolist() == ["Bo & Co", None, "Zed"]
    assert publish(store, LATER).sequence == 2


@pytest.mark.parametrize("part", ["model_digest", "feature_digest", "settings_digest"])
def test_other_inputs_on_the_same_day_make_a_new_run(store: Store, part: str) -> None:
    publish(store)
    result = publish(store, replace(RECORD, **{part: "other"}))
    assert (result.sequence, result.new, result.moved) == (2, True, True)
    assert [run.published for run in store.runs()] == [True, False]


def test_an_earlier_as_of_is_written_and_not_shown(store: Store) -> None:
    publish(store)
    result = publish(store, EARLIER)
    assert (result.new, result.moved, result.published) == (True, False, RECORD.run_id)
    assert "readers go on seeing the later list of 2026-01-31" in result.said
    assert store.published("churn").run_id == RECORD.run_id
    assert len(store.rows(EARLIER.run_id)) == 3
    assert [row["action"] for row in store.publications()] == ["keep", "publish"]


def test_targets_have_pointers_of_their_own(store: Store) -> None:
    publish(store)
    publish(store, replace(EARLIER, target="upsell"))
    assert store.published("churn").as_of == date(2026, 1, 31)
    assert store.published("upsell").as_of == date(2026, 1, 30)
    assert [run.target for run in store.runs()] == ["upsell", "churn"]
    assert [run.target for run in store.runs("churn")] == ["churn"]


def test_a_retrospective_run_is_never_published(store: Store) -> None:
    past = replace(RECORD, retrospective=True)
    with pytest.raises(StoreError, match="churn of 2026-01-31 is retrospective"):
        publish(store, past)
    assert store.runs() == []
    assert store.published("churn") is None


def test_previous_is_the_last_list_shown_that_is_not_later(store: Store) -> None:
    assert store.previous("churn", date(2026, 3, 1)) is None
    publish(store)
    publish(store, LATER)
    publish(store, EARLIER)
    assert store.previous("churn", date(2026, 3, 1)).as_of == date(2026, 2, 1)
    assert store.previous("churn", date(2026, 1, 31)).as_of == date(2026, 1, 31)
    # The one of 30 January was kept and never shown.
    assert store.previous("churn", date(2026, 1, 30)) is None
    assert store.previous("upsell", date(2026, 3, 1)) is None


def test_previous_run_must_be_a_run_of_the_target(store: Store) -> None:
    publish(store)
    upsell = replace(LATER, target="upsell", previous_run=RECORD.run_id)
    with pytest.raises(StoreError, match="previous_run must be an earlier run of target 'upsell'"):
        publish(store, upsell)
    publish(store, replace(LATER, previous_run=RECORD.run_id))
    assert store.published("churn").previous_run == RECORD.run_id


def test_an_account_has_a_history_of_scores(store: Store) -> None:
    publish(store)
    publish(store, LATER)
    history = store.account_scores("b")
    assert history["as_of"].tolist() == [date(2026, 2, 1), date(2026, 1, 31)]
    assert history["probability"].tolist() == [0.5, 0.5]
    assert store.account_scores("nobody").empty


def test_find_tells_a_run_made_from_the_same_inputs(store: Store) -> None:
    assert store.find(RECORD) is None
    publish(store)
    assert store.find(RECORD).sequence == 1


def test_an_unknown_run_is_named_with_its_nearest(store: Store) -> None:
    publish(store)
    with pytest.raises(StoreError, match="no run 'churn-2026-01-31-x'; did you mean 'churn-2026-01-31-"):
        store.rows("churn-2026-01-31-x")


def test_an_empty_list_is_a_list(store: Store) -> None:
    counts = {"scored": 0, "listed": 0, "leaving": 0, "too_new": 0}
    store.publish(replace(RECORD, counts=counts), a_list().iloc[:0], all_scores().iloc[:0], excluded=())
    rows = store.rows(RECORD.run_id)
    assert rows.empty
    assert tuple(rows.columns) == ROW_COLUMNS


@pytest.mark.parametrize(
    ("change", "message"),
    [({"target": "../churn"}, "found '../churn'"), ({"created_at": datetime(2026, 1, 1)}, "needs a time zone")],  # noqa: DTZ001
)
def test_a_record_that_makes_no_sense_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(StoreError, match=message):
        replace(RECORD, **change)


def test_scores_may_come_in_parts_and_be_asked_for_by_account(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "AT_ONCE", 1)
    parts = (all_scores().iloc[start : start + 2] for start in (0, 2))
    result = store.publish(RECORD, a_list(), parts, excluded=("x", "y"))
    assert store.scores(result.run_id)["account_id"].tolist() == ["a", "b", "c", "z"]
    some = store.scores(result.run_id, ["z", "nobody", "b"])
    assert some["account_id"].tolist() == ["b", "z"]
    assert some["probability"].tolist()[0] == 0.5
    assert store.scores(result.run_id, []).empty


def test_an_account_scored_in_two_parts_leaves_no_trace_of_the_run(store: Store) -> None:
    with pytest.raises(StoreError, match="refused a row"):
        store.publish(RECORD, a_list(), [all_scores(), all_scores().head(1)], excluded=())
    assert store.runs() == []
    with pytest.raises(StoreError, match="the scores lack the column 'section'"):
        store.publish(RECORD, a_list(), [all_scores(), all_scores().drop(columns="section")], excluded=())
    assert store.runs() == []
