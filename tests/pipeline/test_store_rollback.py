"""Rolling back: an earlier list is shown again, and what is made afterwards does not undo that silently."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from pipeline.errors import StoreError
from pipeline.store import PublishResult, RunRecord, Store

AT = datetime(2026, 2, 3, 9, 0, tzinfo=UTC)
FIRST = RunRecord(
    as_of=date(2026, 1, 31), target="churn", model_name="keepgrow-churn", model_version="3", model_digest="m1",
    feature_digest="f1", settings_digest="s1", code_version="0.1.0", created_at=datetime(2026, 1, 31, 5, tzinfo=UTC),
    counts={"scored": 1, "listed": 1, "leaving": 0, "too_new": 0},
)  # fmt: skip
SECOND, THIRD, FOURTH = (replace(FIRST, as_of=date(2026, 2, day)) for day in (1, 2, 3))
NUMBERS = {"probability": [0.5], "value_at_stake": [100.0], "expected_value": [50.0]}
SCORES = pd.DataFrame({"account_id": ["a"], "section": ["cohort"], **NUMBERS})
ROWS = SCORES.assign(section="call", rank=1, account_manager="Ann", reasons=[[]])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store in which the lists of 31 January and 1 February were published."""
    with Store(f"sqlite:///{tmp_path}/store.db") as opened:
        publish(opened, FIRST)
        publish(opened, SECOND)
        yield opened


def publish(store: Store, record: RunRecord) -> PublishResult:
    return store.publish(record, ROWS, SCORES, excluded=())


def publish_without_a(store: Store, record: RunRecord, excluded: Collection[str] = ("a",)) -> PublishResult:
    """Publish a list of b alone."""
    return store.publish(record, ROWS.assign(account_id="b"), SCORES.assign(account_id="b"), excluded=excluded)


def shown(store: Store) -> date:
    return store.published("churn").as_of


def test_an_earlier_list_is_shown_under_a_new_sequence_number(store: Store) -> None:
    result = store.rollback("churn", FIRST.run_id, "ops", AT, excluded=())
    assert (result.sequence, result.moved) == (3, True)
    assert result.said == f"churn is back at run {FIRST.run_id}, instead of {SECOND.run_id}, which is kept."
    assert store.published("churn").run_id == FIRST.run_id
    last = store.publications("churn")[0]
    assert (last["action"], last["author"], last["at"], last["sequence"]) == ("rollback", "ops", AT, 3)
    assert (last["run_id"], last["replaced_run"]) == (FIRST.run_id, SECOND.run_id)


def test_the_same_day_again_does_not_undo_it(store: Store) -> None:
    store.rollback("churn", FIRST.run_id, "ops", AT, excluded=())
    again = publish(store, SECOND)
    assert (again.new, again.moved, again.published) == (False, False, FIRST.run_id)
    mended = publish(store, replace(SECOND, feature_digest="mended"))
    assert (mended.new, mended.moved, mended.published) == (True, False, FIRST.run_id)
    assert shown(store) == date(2026, 1, 31)


def test_the_next_day_does_not_undo_it_and_says_so(store: Store) -> None:
    store.rollback("churn", FIRST.run_id, "ops", AT, excluded=())
    result = publish(store, THIRD)
    assert (result.new, result.moved, result.published) == (True, False, FIRST.run_id)
    assert result.said == f"churn of 2026-02-02 is kept as run {THIRD.run_id} and not shown: a rollback holds the list."
    assert result.hold.said == (
        f"churn stays rolled back to {FIRST.run_id} by ops on 2026-02-03; "
        "`keepgrow rollback churn --release` shows lists again"
    )
    assert store.published("churn").hold == result.hold
    assert [row["action"] for row in store.publications()] == ["keep", "rollback", "publish", "publish"]
    # What readers see is what the next list is compared with.
    assert store.previous("churn", date(2026, 2, 3)).run_id == FIRST.run_id


def test_another_target_moves_on(store: Store) -> None:
    store.rollback("churn", FIRST.run_id, "ops", AT, excluded=())
    assert publish(store, replace(THIRD, target="upsell")).moved


def test_released_it_shows_the_newest_list_made_since(store: Store) -> None:
    store.rollback("churn", FIRST.run_id, "ops", AT, excluded=())
    publish(store, FOURTH)
    publish(store, THIRD)
    result = store.release("churn", "eve", AT, excluded=())
    assert (result.moved, result.run_id, result.hold) == (True, FOURTH.run_id, None)
    assert result.said == f"churn is no longer held; readers now see run {FOURTH.run_id}."
    assert store.published("churn").hold is None
    last = store.publications("churn")[0]
    assert (last["action"], last["author"], last["sequence"]) == ("release", "eve", 6)
    assert (last["run_id"], last["replaced_run"]) == (FOURTH.run_id, FIRST.run_id)
    assert publish(store, replace(FOURTH, as_of=date(2026, 2, 4))).moved


def test_released_before_any_later_list_it_leaves_the_pointer_and_the_next_list_shows(store: Store) -> None:
    store.rollback("churn", FIRST.run_id, "ops", AT, excluded=())
    result = store.release("churn", "ops", AT, excluded=())
    assert (result.moved, result.run_id) == (False, FIRST.run_id)
    assert result.said == (
        f"churn is no longer held; readers go on seeing run {FIRST.run_id}, until the next run: none was made since "
        "the rollback that is newer."
    )
    # What was rolled back from stays off the screen, also when it is made again from the same inputs.
    assert not publish(store, SECOND).moved
    assert shown(store) == date(2026, 1, 31)
    assert publish(store, replace(SECOND, feature_digest="mended")).moved


def test_a_mistyped_later_as_of_is_undone_for_good(store: Store) -> None:
    publish(store, replace(FIRST, as_of=date(2026, 12, 1)))  # typed 12 instead of 02
    assert not publish(store, THIRD).moved  # since then every list was kept and not shown
    store.rollback("churn", THIRD.run_id, "ops", AT, excluded=())
    publish(store, FOURTH)
    assert store.release("churn", "ops", AT, excluded=()).run_id == FOURTH.run_id
    assert publish(store, replace(FOURTH, as_of=date(2026, 2, 4))).moved


def test_a_list_made_and_kept_under_a_hold_is_not_shown_by_releasing_a_second_rollback(store: Store) -> None:
    store.rollback("churn", FIRST.run_id, "ops", AT, excluded=())
    publish(store, THIRD)
    store.rollback("churn", SECOND.run_id, "ops", AT, excluded=())
    assert store.release("churn", "ops", AT, excluded=()).run_id == SECOND.run_id


def test_rolling_back_twice_to_the_same_run_changes_nothing(store: Store) -> None:
    store.rollback("churn", FIRST.run_id, "ops", AT, excluded=())
    audit = store.publications()
    again = store.rollback("churn", FIRST.run_id, "eve", AT, excluded=())
    assert (again.moved, again.said.startswith("Nothing changed: churn stays rolled back to")) == (False, True)
    assert store.publications() == audit
    assert publish(store, THIRD).sequence == 4


def test_releasing_what_is_not_held_changes_nothing(store: Store) -> None:
    audit = store.publications()
    result = store.release("churn", "ops", AT, excluded=())
    assert (result.moved, result.said) == (
        False,
        f"Nothing changed: churn is not held; readers see run {SECOND.run_id}.",
    )
    assert store.publications() == audit
    assert publish(store, THIRD).sequence == 3


def test_rolling_back_to_nowhere_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="there is no run 'churn-9' of target 'churn'"):
        store.rollback("churn", "churn-9", "ops", AT, excluded=())
    with pytest.raises(StoreError, match="of target 'upsell'"):
        store.rollback("upsell", FIRST.run_id, "ops", AT, excluded=())
    with pytest.raises(StoreError, match="see already"):
        store.rollback("churn", SECOND.run_id, "ops", AT, excluded=())
    with pytest.raises(StoreError, match="nothing is published for 'upsell'"):
        store.release("upsell", "ops", AT, excluded=())
    assert len(store.publications()) == 2


def test_a_list_that_names_an_account_excluded_since_is_not_rolled_back_to(store: Store) -> None:
    publish_without_a(store, THIRD)
    audit = store.publications()
    told = f"the list of run {FIRST.run_id} names accounts that must not be listed now .1, for example 'a'.*a later run"
    with pytest.raises(StoreError, match=told):
        store.rollback("churn", FIRST.run_id, "ops", AT, excluded=("a", "z"))
    assert (store.publications(), shown(store)) == (audit, THIRD.as_of)
    assert store.rollback("churn", FIRST.run_id, "ops", AT, excluded=("z",)).moved
    # Not even again, which would export what a sink lacks.
    with pytest.raises(StoreError, match="must not be listed now"):
        store.rollback("churn", FIRST.run_id, "ops", AT, excluded=("a",))


def test_a_hold_ends_with_the_first_list_made_after_an_account_on_the_held_one_is_excluded(store: Store) -> None:
    store.rollback("churn", FIRST.run_id, "ops", AT, excluded=())
    assert not publish_without_a(store, THIRD, excluded=("z",)).moved
    result = publish_without_a(store, FOURTH)
    assert (result.new, result.moved, result.published, result.hold) == (True, True, FOURTH.run_id, None)
    assert result.said == f"churn of 2026-02-03 is published as run {FOURTH.run_id}."
    assert result.hold_ended == (
        f"the hold of churn ended: the held list {FIRST.run_id} named 1 account that must not be listed now"
    )
    assert (store.published("churn").run_id, store.published("churn").hold) == (FOURTH.run_id, None)
    last = store.publications("churn")[0]
    assert (last["action"], last["author"], last["replaced_run"]) == ("release", "run", FIRST.run_id)
    assert publish(store, replace(FOURTH, as_of=date(2026, 2, 4))).hold_ended is None


def test_a_list_that_was_kept_before_ends_the_hold_when_it_is_made_again(store: Store) -> None:
    store.rollback("churn", FIRST.run_id, "ops", AT, excluded=())
    publish_without_a(store, THIRD, excluded=())
    again = publish_without_a(store, THIRD)
    assert (again.new, again.moved, again.published) == (False, True, THIRD.run_id)
    assert "must not be listed now" in again.hold_ended
    assert store.published("churn").hold is None
    assert store.published("churn").run_id == THIRD.run_id


def test_a_list_of_an_earlier_day_does_not_end_a_hold(store: Store) -> None:
    publish(store, FOURTH)
    store.rollback("churn", SECOND.run_id, "ops", AT, excluded=())
    earlier = publish_without_a(store, replace(FIRST, feature_digest="mended"))
    assert (earlier.moved, earlier.hold_ended, shown(store)) == (False, None, SECOND.as_of)


def test_a_kept_list_that_names_an_account_excluded_since_is_not_released(store: Store) -> None:
    publish_without_a(store, THIRD)
    publish_without_a(store, FOURTH)
    store.rollback("churn", THIRD.run_id, "ops", AT, excluded=("a",))
    publish(store, replace(FOURTH, feature_digest="mended"))
    with pytest.raises(StoreError, match=r"must not be listed now.*Run `keepgrow run`"):
        store.release("churn", "ops", AT, excluded=("a",))
    assert store.published("churn").hold.by == "ops"
    assert store.release("churn", "ops", AT, excluded=("z",)).moved


def test_a_retrospective_run_is_neither_rolled_back_to_nor_released(store: Store, tmp_path: Path) -> None:
    store.rollback("churn", FIRST.run_id, "ops", AT, excluded=())
    past = publish(store, THIRD)
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection, connection:
        connection.execute("UPDATE runs SET retrospective = 1 WHERE run_id = ?", (past.run_id,))
    with pytest.raises(StoreError, match="is retrospective"):
        store.rollback("churn", past.run_id, "ops", AT, excluded=())
    assert store.release("churn", "ops", AT, excluded=()).run_id == FIRST.run_id


def test_a_run_is_found_by_the_beginning_of_its_id(store: Store) -> None:
    assert store.named(FIRST.run_id).run_id == FIRST.run_id
    assert store.named("churn-2026-01-31").run_id == FIRST.run_id
    with pytest.raises(StoreError, match=r"2 runs begin with 'churn-2026-0': churn-2026-02-01-.*Give more of the id"):
        store.named("churn-2026-0")
    with pytest.raises(StoreError, match="there is no run 'churn-2026-01-30-x' of target 'churn'; did you mean"):
        store.named("churn-2026-01-30-x", "churn")
    with pytest.raises(StoreError, match="there is no run 'churn' of target 'upsell'; none are present"):
        store.named("churn", "upsell")
