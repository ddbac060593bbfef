"""Columns that know what lay ahead are named, and those that only predict well are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.accounts import attributes
from features.spec import Aggregate, Feature
from features.words import Words
from models.dataset import Dataset
from models.leaks import check_leaks, find_leaks
from models.targets import Target
from pipeline.errors import LeakSuspected
from pipeline.settings import Settings

DATES = pd.date_range("2025-01-01", periods=8, freq="28D")
WINDOW = 3
"""Dates after as_of in which an event makes the label 1."""

CALLS = Aggregate("calls", "interactions", "count", Words("call|calls", "opkald"), windows=(30,)).features()
SPEND = Aggregate("spend", "invoices", "sum", Words("spend", "køb"), column="amount", windows=(None,), unit="money",
                  family="value").features()  # fmt: skip
ACCOUNTS = 300


class Book:
    """Accounts that leave at a date drawn from 0 to 15 or stay; `calls_30d` foretells it, `spend_all` grows."""

    def __init__(self, seed: int = 0) -> None:
        draw = np.random.default_rng(seed)
        self.leaves = np.where(draw.random(ACCOUNTS) < 0.6, draw.integers(1, 16, ACCOUNTS), 99)
        self.size = np.exp(draw.normal(3, 0.5, ACCOUNTS))
        self.spend = np.cumsum(self.size[:, None] * np.exp(draw.normal(0, 0.7, (ACCOUNTS, 16))), axis=1)
        self.draw = draw

    @property
    def left(self) -> np.ndarray:
        return self.leaves < 12

    def dataset(self, columns: Mapping[str, Sequence[Any]], label: str = "own") -> tuple[Dataset, list[Feature]]:
        """Return rows until each account leaves; `columns` are attributes, a value per account."""
        at, who = np.nonzero(np.arange(len(DATES))[:, None] < self.leaves[None])
        near = self.leaves[who] - at <= WINDOW
        if label == "shuffled":
            near = self.draw.permutation(near)
        rows = pd.DataFrame({"account_id": [f"a{each:03d}" for each in who], "as_of": DATES[at], "label": near * 1})
        made = {
            "calls_30d": self.draw.poisson(np.where(near, 3, 6)).astype(float),
            "spend_all": self.spend[who, at],
        }
        texts = {name: pd.Series(np.array(values, dtype=object)[who]) for name, values in columns.items()}
        return Dataset(rows, pd.DataFrame(made | texts)), [*CALLS, *SPEND, *attributes(list(columns))]


def signs(book: Book, **columns: Sequence[Any]) -> dict[str, str]:
    return {found.column: found.sign for found in find_leaks(*book.dataset(columns))}


def test_an_outcome_flag_is_named_whatever_it_is_called() -> None:
    book = Book()
    assert signs(book, grp=np.where(book.left, "7", "3")) == {"grp": "changed after the fact"}


def test_a_status_overwritten_in_place_is_named_by_its_texts() -> None:
    book = Book()
    assert signs(book, state=np.where(book.left, "closed", "active")) == {"state": "changed after the fact"}


def test_a_column_filled_for_those_who_left_is_named_even_if_half_are_filled() -> None:
    book = Book()
    filled = book.left & (np.arange(ACCOUNTS) % 2 == 0)
    assert signs(book, why=np.where(filled, "price", None)) == {"why": "filled after the fact"}


def test_a_total_over_the_whole_table_follows_what_was_yet_to_come() -> None:
    book = Book()
    total = book.spend[np.arange(ACCOUNTS), np.minimum(book.leaves, 16) - 1]
    assert signs(book, lifetime=[f"{each:.2f}" for each in total]) == {"lifetime": "better with the future"}


def test_a_feature_overwritten_in_place_is_too_good_alone() -> None:
    book = Book()
    data, features = book.dataset({})
    label = data.rows["label"].to_numpy()
    data.features["calls_30d"] = np.where(label == 1, 0.0, data.features["calls_30d"] + 1)
    (found,) = find_leaks(data, features)
    assert (found.column, found.sign) == ("calls_30d", "too good alone")
    assert found.figures["auc"] == 1.0
    assert "interactions." in found.source[0]


def test_a_column_that_moves_only_before_the_event_is_named() -> None:
    book = Book()
    data, features = book.dataset({})
    label, accounts = data.rows["label"].to_numpy(), data.rows["account_id"].str[1:].astype(int)
    data.features["calls_30d"] = np.where((label == 1) & (accounts % 3 == 0), 1.0, 0.0)
    (found,) = find_leaks(data, features)
    assert (found.column, found.sign) == ("calls_30d", "constant until the event")


@pytest.mark.parametrize("seed", range(5))
def test_honest_columns_are_not_named(seed: int) -> None:
    book = Book(seed)
    assert not signs(
        book,
        size=[f"{each:.0f}" for each in book.size],
        risk=np.where(book.left == (np.arange(ACCOUNTS) % 3 > 0), "high", "low"),
        some=np.where(np.arange(ACCOUNTS) % 5 == 0, "x", None),
        name=[f"account {each}" for each in range(ACCOUNTS)],
    )


def test_few_outcomes_are_no_proof() -> None:
    book = Book()
    book.leaves = np.where(np.arange(ACCOUNTS) < 5, 4, 99)
    assert not signs(book, grp=np.where(book.leaves < 99, "7", "3"))


def test_training_stops_with_the_column_the_sign_and_what_to_do(settings: Settings, churn: Target) -> None:
    book = Book()
    data, features = book.dataset({"grp": np.where(book.left, "7", "3")})
    with pytest.raises(LeakSuspected, match=r"'churn' is not trained.*'grp' \(changed after the fact\).*AUC of .*"
                       r"Take 'grp' out of \[accounts\] features.*trusted = \[\"grp\"\]") as refused:  # fmt: skip
        check_leaks(data, churn, features, settings)
    assert refused.value.suspects[0]["column"] == "grp"


def test_the_config_may_vouch_for_a_column(settings: Settings, churn: Target) -> None:
    book = Book()
    data, features = book.dataset({"grp": np.where(book.left, "7", "3")})
    training = settings.training.model_copy(update={"trusted": ("grp",)})
    checked = check_leaks(data, churn, features, settings.model_copy(update={"training": training}))
    assert [each.column for each in checked.trusted] == ["grp"]
    assert checked.plain()["suspects"] == []


def test_a_dataset_of_one_class_says_nothing() -> None:
    data, features = Book().dataset({})
    assert find_leaks(replace(data, rows=data.rows.assign(label=0)), features) == []
