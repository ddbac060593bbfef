"""Feedback: added once, whatever is sent again, and never changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.errors import StoreError
from pipeline.store import Feedback, Store

AT = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
CALLED = Feedback("f1", "a", "called", AT, AT, outcome="will renew", author="ann")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path}/store.db") as opened:
        yield opened


def test_feedback_is_numbered_in_the_order_it_comes(store: Store) -> None:
    assert store.add_feedback([CALLED, replace(CALLED, feedback_id="f2", until=AT + timedelta(days=7))]) == 2
    kept = store.feedback()
    assert kept["feedback_id"].tolist() == ["f1", "f2"]
    assert kept["number"].tolist() == [1, 2]
    assert kept["outcome"].tolist() == ["will renew", "will renew"]
    assert store.feedback_until() == 2


def test_an_entry_sent_twice_is_kept_once(store: Store) -> None:
    assert store.add_feedback([CALLED]) == 1
    assert store.add_feedback([replace(CALLED, known_at=AT + timedelta(hours=1))]) == 0
    assert len(store.feedback()) == 1
    assert store.feedback_until() == 1


def test_an_id_taken_by_another_entry_is_refused(store: Store) -> None:
    store.add_feedback([CALLED])
    with pytest.raises(StoreError, match="'f1' belongs to another entry"):
        store.add_feedback([replace(CALLED, feedback_id="f2"), replace(CALLED, action="wrong")])
    # All or nothing: the entry before it was not added either.
    assert store.feedback()["feedback_id"].tolist() == ["f1"]
    assert store.feedback()["action"].tolist() == ["called"]


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="occurred_at has no time zone"):
        store.add_feedback([replace(CALLED, occurred_at=datetime(2026, 1, 31))])  # noqa: DTZ001
    assert store.feedback().empty
