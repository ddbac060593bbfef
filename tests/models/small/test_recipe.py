"""A small book's model and rule: what they are made of, and what bands they come with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from features.spec import Feature
from models.dataset import Dataset
from models.manifest import FittedModel
from models.small.groups import GROUPS, group_of
from models.small.left_out import WITHOUT, gathered, models_left_out
from models.small.size import is_small, size_of
from models.targets import Target
from models.train import fit_recipes
from pipeline.settings import Settings

UNTIL = date(2025, 6, 1)


@pytest.fixture(scope="module")
def book(data_of: Callable[..., Dataset]) -> Dataset:
    """Sixty accounts at eight dates."""
    return data_of(accounts=60)


@pytest.fixture(scope="module")
def fitted(book: Dataset, churn: Target, features: tuple[Feature, ...], settings: Settings) -> dict[str, FittedModel]:
    return fit_recipes(("model", "logistic", "recency"), book, churn, features, settings, UNTIL)


def test_a_book_is_small_by_accounts_with_the_rarer_outcome(
    book: Dataset, data_of: Callable[..., Dataset], settings: Settings
) -> None:
    assert size_of(book).rarer == 59  # one account had the outcome at no date
    assert is_small(book, settings)
    assert not is_small(data_of(accounts=120), settings)
    none = settings.model_copy(update={"training": settings.training.model_copy(update={"small_accounts": 0})})
    assert not is_small(book, none)


def test_a_small_model_has_two_additive_members_and_no_trees(fitted: dict[str, FittedModel]) -> None:
    manifest = fitted["model"].manifest
    assert [(member["kind"], member["file"]) for member in manifest["members"]] == [
        ("curves", "signals.json"),
        ("curves", "curves.json"),
    ]
    assert manifest["chosen"]["chosen"] == "small"
    assert manifest["chosen"]["signals"] == [{"feature": "days_since_purchase", "direction": 1}]
    assert manifest["calibration"]["kind"] == "identity"


def test_a_small_model_ranks_what_has_signal(fitted: dict[str, FittedModel], data_of: Callable[..., Dataset]) -> None:
    others = data_of(accounts=300, seed=9)
    probability = fitted["model"].probability(others.features)
    label = others.rows["label"].to_numpy()
    assert probability[label == 1].mean() > probability[label == 0].mean() + 0.1


def test_the_rule_ranks_by_silence_and_says_so(fitted: dict[str, FittedModel], book: Dataset) -> None:
    rule = fitted["recency"]
    assert (rule.manifest["recipe"], rule.manifest["recency"]) == ("recency", "days_since_purchase")
    frame = book.features.head(3).assign(days_since_purchase=[1.0, 20.0, 90.0])
    near, middle, far = rule.probability(frame)
    assert near < middle < far


def test_the_rule_of_growth_turns_round(
    book: Dataset, upsell: Target, features: tuple[Feature, ...], settings: Settings
) -> None:
    rule = fit_recipes(("recency",), book, upsell, features, settings, UNTIL)["recency"]
    near, far = rule.probability(book.features.head(2).assign(days_since_purchase=[1.0, 90.0]))
    assert near > far


def test_bands_say_how_many_rows_theirs_are_worth(fitted: dict[str, FittedModel]) -> None:
    bands = fitted["model"].manifest["bands"]
    assert bands
    assert all(0 < band["effective"] < band["n"] for band in bands if band["n"])


def test_equal_books_give_equal_bytes(
    fitted: dict[str, FittedModel], book: Dataset, churn: Target, features: tuple[Feature, ...], settings: Settings
) -> None:
    again = fit_recipes(("model",), book, churn, features, settings, UNTIL)["model"]
    assert again.digest == fitted["model"].digest


def test_groups_are_of_accounts_whatever_the_rows() -> None:
    accounts = np.array(["b", "a", "b", "c"], dtype=object)
    groups = group_of(accounts)
    assert groups[0] == groups[2]
    assert (group_of(accounts[::-1]) == groups[::-1]).all()
    spread = np.bincount(group_of(np.array([f"account-{number}" for number in range(1000)])), minlength=GROUPS)
    assert spread.min() > 150


def test_an_account_is_scored_by_models_that_never_saw_it(
    book: Dataset, churn: Target, features: tuple[Feature, ...], settings: Settings
) -> None:
    models = models_left_out(("recency",), book, churn, features, settings, UNTIL)
    assert list(models) == [WITHOUT.format("recency", group) for group in range(GROUPS)]
    assert all(model.manifest["bands"] == [] for model in models.values())  # nobody is shown them
    group = group_of(book.rows["account_id"].to_numpy())
    assert models[WITHOUT.format("recency", 0)].manifest["counts"]["rows"] == (group != 0).sum()
    columns = {f"{name}_{part}": np.full(len(book), at) for at, name in enumerate(models) for part in (
        "probability", "expected_value")}  # fmt: skip
    found = gathered(pd.concat([book.rows, pd.DataFrame(columns)], axis=1), ["recency"])
    assert found["recency_probability"].tolist() == group.tolist()
    assert found["group"].tolist() == group.tolist()
    assert not [name for name in found.columns if "without" in name]


def test_a_larger_book_leaves_nobody_out(
    data_of: Callable[..., Dataset], churn: Target, features: tuple[Feature, ...], settings: Settings
) -> None:
    assert models_left_out(("recency",), data_of(accounts=120), churn, features, settings, UNTIL) == {}
