"""Ranking: what is worth a call, in which order, and for whom there is room."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import lists
from pipeline.errors import ModelError
from pipeline.lists import Candidates, Ranking, candidates, rank
from pipeline.settings import ListSettings, Play

NOBODY = pd.DataFrame({"account_id": [], "reason": []}, dtype=object)
CALL = Play(name="call", effect=0.5, cost=10)


def scored(*rows: tuple[str, str, float | None, float | None]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["account_id", "section", "probability", "value_at_stake"])


def people(**managers: str | None) -> pd.DataFrame:
    return pd.DataFrame(
        [(account, f"Firm {account}", manager, "north") for account, manager in managers.items()],
        columns=["account_id", "name", "account_manager", "team"],
    )


def brought(
    scores: pd.DataFrame, display: pd.DataFrame | None = None, excluded: pd.DataFrame = NOBODY, **settings: object
) -> Candidates:
    display = people(a="Ann", b="Ann", c="Bo") if display is None else display
    return candidates(scores, display, excluded, CALL, ListSettings(**settings))


def ranked(
    scores: pd.DataFrame, display: pd.DataFrame | None = None, excluded: pd.DataFrame = NOBODY, **settings: object
) -> Ranking:
    return rank([brought(scores, display, excluded, **settings)], CALL, ListSettings(**settings))


def test_expected_value_is_probability_times_value_times_effect_minus_cost() -> None:
    rows = ranked(scored(("a", "cohort", 0.2, 1000.0), ("b", "cohort", 0.1, 5000.0), ("c", "cohort", 0.9, 100.0))).rows
    assert rows["account_id"].tolist() == ["b", "a", "c"]
    assert rows["expected_value"].tolist() == [240.0, 90.0, 35.0]
    assert rows["rank"].tolist() == [1, 2, 3]
    assert rows["manager_rank"].tolist() == [1, 2, 1]
    assert rows["name"].tolist() == ["Firm b", "Firm a", "Firm c"]
    assert rows["team"].tolist() == ["north", "north", "north"]
    assert rows["play"].tolist() == ["call", "call", "call"]


def test_equal_expected_values_are_ordered_by_account_id_whatever_the_order_they_come_in() -> None:
    rows = ranked(scored(("c", "cohort", 0.5, 100.0), ("a", "cohort", 0.5, 100.0), ("b", "cohort", 0.5, 100.0))).rows
    assert rows["account_id"].tolist() == ["a", "b", "c"]


def test_rows_worth_nothing_or_less_are_left_off_and_counted() -> None:
    # 0.2 x 100 x 0.5 - 10 = 0: not worth a call either.
    scores = scored(("a", "cohort", 0.2, 100.0), ("b", "cohort", 0.9, 5.0), ("c", "cohort", 0.3, 100.0))
    ranking = ranked(scores)
    assert ranking.rows["account_id"].tolist() == ["c"]
    assert ranking.counts["not_worth_it"] == 2
    kept = brought(scores.iloc[::-1]).scores
    assert kept["account_id"].tolist() == ["a", "b", "c"]
    assert kept["expected_value"].tolist() == [0.0, -7.75, 5.0]


def test_each_manager_gets_as_many_rows_as_there_is_capacity_for() -> None:
    values = {"a": 500.0, "b": 400.0, "c": 300.0, "d": 200.0, "e": 100.0}
    scores = scored(*((account, "cohort", 0.5, value) for account, value in values.items()))
    display = people(a="Ann", b="Ann", c="Ann", d="Bo", e="Bo")
    ranking = ranked(scores, display, capacity=1, capacities={"Ann": 2})
    assert ranking.rows["account_id"].tolist() == ["a", "b", "d"]
    assert ranking.rows["rank"].tolist() == [1, 2, 3]
    assert ranking.rows["manager_rank"].tolist() == [1, 2, 1]
    assert ranking.counts["over_capacity"] == 2
    assert ranking.counts["scored"] == 5


def test_capacity_is_25_rows_unless_set() -> None:
    ranking = ranked(scored(*((f"a{n:02}", "cohort", 0.5, 100.0) for n in range(30))))
    assert (ranking.counts["listed"], ranking.counts["over_capacity"]) == (25, 5)


@pytest.mark.parametrize("manager", [None, "", "  ", float("nan")])
def test_accounts_without_a_manager_go_to_unassigned(manager: str | None) -> None:
    rows = ranked(scored(("a", "cohort", 0.5, 100.0), ("z", "cohort", 0.5, 90.0)), people(a=manager)).rows
    assert rows["account_manager"].tolist() == ["unassigned", "unassigned"]
    assert rows["name"].tolist() == ["Firm a", None]


def test_leaving_and_too_new_accounts_follow_unranked_and_unscored() -> None:
    scores = scored(
        ("new", "too_new", 0.4, None),
        ("b", "leaving", None, 1200.0),
        ("a", "cohort", 0.5, 100.0),
        ("gone", "outside", None, None),
    )
    ranking = ranked(scores)
    assert ranking.rows["account_id"].tolist() == ["a", "b", "new"]
    assert ranking.rows["section"].tolist() == ["call", "leaving", "too_new"]
    assert ranking.rows["rank"].isna().tolist() == [False, True, True]
    assert ranking.rows["probability"].isna().tolist() == [False, True, True]
    assert ranking.rows["expected_value"].isna().tolist() == [False, True, True]
    assert ranking.rows["value_at_stake"].tolist()[:2] == [100.0, 1200.0]
    assert brought(scores).scores["account_id"].tolist() == ["a", "b", "new"]
    counted = ("scored", "listed", "leaving", "too_new", "outside")
    assert [ranking.counts[name] for name in counted] == [1, 1, 1, 1, 1]


def test_excluded_accounts_are_nowhere_and_counted_by_the_first_of_their_reasons() -> None:
    excluded = pd.DataFrame(
        [("a", "legal hold"), ("a", "insolvency"), ("b", "legal hold"), ("c", None), ("elsewhere", "legal hold")],
        columns=["account_id", "reason"],
    )
    # An excluded account need not even be scored.
    scores = scored(
        ("a", "cohort", None, None), ("b", "leaving", None, 1.0), ("c", "cohort", 0.5, 9.0), ("d", "cohort", 0.5, 100.0)
    )
    ranking = ranked(scores, people(a="Ann"), excluded)
    assert ranking.rows["account_id"].tolist() == ["d"]
    assert brought(scores, people(a="Ann"), excluded).scores["account_id"].tolist() == ["d"]
    assert ranking.counts["excluded"] == {"insolvency": 1, "legal hold": 1, "no reason given": 1}
    assert ranking.counts["leaving"] == 0


def test_nothing_to_call_is_an_empty_list() -> None:
    ranking = ranked(scored(("a", "too_new", None, None)))
    assert ranking.rows["section"].tolist() == ["too_new"]
    assert ranking.counts["listed"] == 0
    assert ranked(scored()).rows.empty


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("a", "cohort", None, 1.0)], "account 'a' has the probability nan; expected a number from 0 to 1"),
        ([("a", "cohort", 1.01, 1.0)], "account 'a' has the probability 1.01"),
        ([("a", "cohort", -0.01, 1.0)], "account 'a' has the probability -0.01"),
        ([("a", "cohort", 0.5, None)], "account 'a' has the value at stake nan; expected an amount"),
        ([("a", "cohort", 0.5, float("inf"))], "account 'a' has the value at stake inf"),
        ([("a", "cohort", 0.5, 1.0), ("a", "leaving", None, None)], "account 'a' has more than one score"),
        ([("a", "chort", 0.5, 1.0)], "account 'a' has the section 'chort'; expected one of cohort, leaving"),
    ],
)
def test_scores_that_cannot_be_ranked_are_refused(rows: list[tuple], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        ranked(scored(*rows))


def test_a_missing_column_is_named_with_its_nearest() -> None:
    with pytest.raises(ModelError, match="lack the column 'probability'; did you mean 'probablity'"):
        ranked(scored(("a", "cohort", 0.5, 1.0)).rename(columns={"probability": "probablity"}))


ACCOUNTS = st.fixed_dictionaries(
    {
        "section": st.sampled_from(["cohort", "cohort", "cohort", "leaving", "too_new", "outside"]),
        # Few values, so that many are worth the same.
        "probability": st.sampled_from([0.1, 0.5, 1.0]),
        "value_at_stake": st.sampled_from([0.0, 100.0, 200.0]),
        "manager": st.sampled_from(["Ann", "Bo", "", None]),
        "excluded": st.sampled_from([None, None, None, None, "legal hold", "insolvency"]),
        "part": st.integers(0, 3),
    }
)


@given(accounts=st.lists(ACCOUNTS, min_size=1, max_size=25), capacity=st.integers(1, 4), waiting=st.integers(0, 5))
def test_ranking_part_by_part_is_ranking_at_once(accounts: list[dict], capacity: int, waiting: int) -> None:
    frame = pd.DataFrame(accounts).assign(account_id=[f"a{number:02}" for number in range(len(accounts))])
    scores = frame[["account_id", "section", "probability", "value_at_stake"]]
    display = frame.rename(columns={"manager": "account_manager"})[["account_id", "account_manager"]].astype(object)
    barred = frame.rename(columns={"excluded": "reason"})[["account_id", "reason"]].dropna()
    settings = ListSettings(capacity=capacity, capacities={"Bo": 1})

    def part_of(part: pd.Series) -> Candidates:
        of = frame.loc[part, "account_id"]
        return candidates(
            scores[part], display[display["account_id"].isin(of)], barred[barred["account_id"].isin(of)], CALL, settings
        )

    at_once = rank([part_of(frame["part"] >= 0)], CALL, settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lists, "WAITING", waiting)
        in_parts = rank((part_of(frame["part"] == part) for part in range(4)), CALL, settings)
    pd.testing.assert_frame_equal(in_parts.rows, at_once.rows)
    assert in_parts.counts == at_once.counts


def test_a_part_brings_no_more_of_a_managers_accounts_than_there_is_room_for() -> None:
    scores = scored(*((f"a{n:02}", "cohort", 0.5, 100.0 + n) for n in range(30)), ("z", "leaving", None, 1.0))
    kept = brought(scores, capacity=2)
    assert kept.rows["account_id"].tolist() == ["a29", "a28", "z"]
    assert kept.counts["worth_it"] == 30
    assert len(kept.scores) == 31


def test_further_columns_stay_beside_the_rows() -> None:
    rows = ranked(scored(("a", "cohort", 0.5, 100.0)).assign(bucket=7)).rows
    assert rows["bucket"].tolist() == [7]
