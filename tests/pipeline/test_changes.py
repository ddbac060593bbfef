"""What changed on a list since the run before."""

from __future__ import annotations

import pandas as pd

from pipeline.changes import change_since


def a_list(*rows: tuple[str, str, int | None, float | None]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["account_id", "section", "rank", "probability"])
    frame = frame.assign(name="Firm " + frame["account_id"].astype(str), account_manager="Ann")
    return frame.astype({"rank": "Int64", "probability": "float64"})


YESTERDAY = a_list(
    ("a", "call", 1, 0.9),
    ("b", "call", 2, 0.8),
    ("c", "call", 3, 0.7),
    ("d", "call", 4, 0.6),
    ("e", "call", 5, 0.5),
    ("f", "leaving", None, None),
)


def test_each_row_says_how_it_moved() -> None:
    today = a_list(
        ("c", "call", 1, 0.75), ("b", "call", 2, 0.81), ("x", "call", 3, 0.4), ("a", "call", 4, 0.3),
        ("d", "leaving", None, None), ("f", "leaving", None, None), ("y", "too_new", None, None),
    )  # fmt: skip
    changes = change_since(YESTERDAY, today)
    assert changes.rows["change"].tolist() == ["up 2", "same", "new", "down 3", "new", "same", "new"]
    assert changes.rows["previous_probability"].tolist()[:2] == [0.7, 0.8]
    assert changes.rows["previous_probability"].isna().tolist() == [False, False, True, False, False, True, True]


def test_accounts_that_left_the_list_are_named_with_where_they_are_now() -> None:
    today = a_list(("a", "call", 1, 0.9), ("d", "leaving", None, None))
    # The store's rows carry the probabilities of the day before them, which are not meant here.
    left = change_since(YESTERDAY.assign(previous_probability=0.01, change="same"), today).left
    assert left["account_id"].tolist() == ["b", "c", "d", "e"]
    assert left["previous_rank"].tolist() == [2, 3, 4, 5]
    assert left["previous_probability"].tolist() == [0.8, 0.7, 0.6, 0.5]
    assert left["now"].tolist() == ["off the list", "off the list", "leaving", "off the list"]
    assert left["name"].tolist()[0] == "Firm b"


def test_a_first_list_has_nothing_to_compare_with() -> None:
    changes = change_since(None, YESTERDAY)
    assert changes.rows["change"].isna().all()
    assert changes.rows["previous_probability"].isna().all()
    assert changes.left.empty


def test_an_unchanged_list_is_all_the_same() -> None:
    changes = change_since(YESTERDAY, YESTERDAY)
    assert set(changes.rows["change"]) == {"same"}
    assert changes.left.empty


def test_everyone_can_leave_and_everyone_can_be_new() -> None:
    nobody = YESTERDAY.iloc[:0]
    assert change_since(YESTERDAY, nobody).left["account_id"].tolist() == ["a", "b", "c", "d", "e"]
    assert set(change_since(nobody, YESTERDAY).rows["change"]) == {"new"}
