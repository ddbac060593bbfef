from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.special import logit
from sklearn.metrics import roc_auc_score

from features.spec import Feature
from models.backtest import CONTENDERS, Backtest, backtest, document
from models.bootstrap import Interval
from models.dataset import Dataset
from models.gathering import judged
from models.manifest import FittedModel
from models.metrics import METRICS
from models.predicting import SMALL_BOOK, Predicting
from models.recalibrate import level_shift, moved
from models.split import Fold
from models.targets import Target
from models.train import fit_recipe
from pipeline.errors import TrainingRefused
from pipeline.settings import Settings

FIRST = date(2025, 1, 1)
FOLDS = (date(2025, 3, 12), date(2025, 3, 26))
FINAL = date(2025, 4, 9)
UNTIL = date(2025, 6, 1)
BASELINES = ("logistic", "recency")


@dataclass
class Firm:
    """Gives toy rows and keeps what it was asked for."""

    settings: Settings
    features: Sequence[Feature]
    data: Dataset
    built: list[list[date]] = field(default_factory=list)
    asked: list[tuple[tuple[date, ...], date]] = field(default_factory=list)
    attributes: str = "as they are today"

    def build(self, as_ofs: Sequence[date]) -> None:
        self.built.append(list(as_ofs))

    def dataset(self, target: Target, as_ofs: Sequence[date], known_by: date) -> Dataset:
        self.asked.append((tuple(as_ofs), known_by))
        return self.data.at(as_ofs)

    def judged(self, target: Target, as_of: date, known_by: date, models: Mapping[str, FittedModel]) -> pd.DataFrame:
        test = self.dataset(target, [as_of], known_by)
        return judged(pa.Table.from_pandas(test.rows), test.features, models).to_pandas()

    def first_day(self, target: Target) -> date:
        return FIRST - timedelta(days=200)

    def data_until(self, target: Target, today: date) -> date:
        return today


def asking(settings: Settings, folds: Sequence[date] = FOLDS, final: date | None = FINAL) -> Settings:
    return settings.model_copy(
        update={
            "evaluate": settings.evaluate.model_copy(
                update={"folds": tuple(folds), "final": final, "bootstrap": 100, "capacity": 20}
            ),
            "training": settings.training.model_copy(update={"first_as_of": FIRST, "every_days": 14, "threads": 1}),
        }
    )


@pytest.fixture(scope="module")
def data(data_of: Callable[..., Dataset]) -> Dataset:
    return data_of()


@pytest.fixture
def firm(settings: Settings, features: tuple[Feature, ...], data: Dataset) -> Firm:
    return Firm(asking(settings), features, data)


@pytest.fixture(scope="module")
def witness(settings: Settings, features: tuple[Feature, ...], data: Dataset) -> Firm:
    """The firm that `done` asked, and nobody else."""
    return Firm(asking(settings), features, data)


@pytest.fixture(scope="module")
def done(witness: Firm, churn: Target) -> Backtest:
    return backtest(witness, churn, UNTIL)


def test_the_document_has_folds_pooled_final_and_intervals(done: Backtest) -> None:
    whole = json.loads(json.dumps(document([done]), allow_nan=False))
    assert list(whole) == ["targets"]
    part = whole["targets"]["churn"]
    assert {"folds", "pooled", "final", "expected", "breakdown", "value", "verdict", "warnings"} <= set(part)
    (warning,) = part["warnings"]
    assert (part["verdict"], "241 of 600 rows, 40%" in warning) == ("signal", True)  # of the earlier folds
    assert [fold["as_of"] for fold in part["folds"]] == ["2025-03-12", "2025-03-26"]
    assert part["final"]["as_of"] == "2025-04-09"
    for block in (*part["folds"], part["pooled"], part["final"]):
        assert list(block["contenders"]) == ["model", "logistic", "recency"]
        for figures in block["contenders"].values():
            assert list(figures) == list(METRICS)
            for figure in figures.values():
                assert list(figure) == ["value", "low", "high"]
                assert figure["low"] <= figure["value"] <= figure["high"]
    assert list(part["pooled"]["paired"]) == list(part["final"]["paired"]) == ["model - logistic", "model - recency"]


def test_pooled_stacks_the_earlier_folds_and_never_the_final_one(done: Backtest) -> None:
    folds, pooled = done.plain["folds"], done.plain["pooled"]
    assert pooled["n"] == sum(fold["n"] for fold in folds) == 600
    assert pooled["positives"] == sum(fold["positives"] for fold in folds)
    stacked = done.predictions[~done.predictions["final"]]
    for contender in CONTENDERS:
        expected = roc_auc_score(stacked["label"], stacked[f"{contender}_probability"])
        assert pooled["contenders"][contender]["auc"]["value"] == pytest.approx(expected, abs=1e-12)
    assert done.auc("model").value == pooled["contenders"]["model"]["auc"]["value"]
    difference = done.difference("model", "recency")
    assert difference.plain() == pooled["paired"]["model - recency"]["auc"]


def test_each_fold_learns_only_from_labels_closed_and_known_by_its_test_date(witness: Firm, done: Backtest) -> None:
    horizon = timedelta(days=28)
    for position, test in enumerate((*FOLDS, FINAL)):
        (train, known_by), judged = witness.asked[2 * position : 2 * position + 2]
        assert known_by == test
        assert train[0] == FIRST
        assert max(train) + horizon <= test < max(train) + horizon + timedelta(days=14)
        assert judged == ((test,), UNTIL)


def test_features_of_all_dates_are_built_once(witness: Firm, done: Backtest) -> None:
    grid = [FIRST + timedelta(days=14 * step) for step in range(8)]
    assert witness.built == [grid]


def test_predictions_are_kept_for_every_account_and_test_date(done: Backtest) -> None:
    frame = done.predictions
    assert len(frame) == 900
    assert not frame.duplicated(["account_id", "as_of"]).any()
    assert frame.groupby("as_of")["final"].first().tolist() == [False, False, True]
    assert not frame.isna().any().any()
    assert np.allclose(frame["model_expected_value"], frame["model_probability"] * frame["value_at_stake"])


def test_the_contenders_are_those_refitted_at_the_test_date(
    firm: Firm, done: Backtest, churn: Target, data: Dataset
) -> None:
    train = data.at([FIRST + timedelta(days=14 * step) for step in range(4)])
    fitted = fit_recipe("logistic", train, churn, firm.features, firm.settings, FOLDS[0])
    expected = fitted.probability(data.at([FOLDS[0]]).features)
    found = done.predictions["logistic_probability"].head(300).to_numpy()
    # But for the level, which is that of the rows learnt from.
    assert found == pytest.approx(moved(expected, level_shift(logit(expected), train.rows["label"].mean())))
    assert found.mean() == pytest.approx(train.rows["label"].mean())


def test_an_opportunity_is_valued_by_its_expected_increment(
    settings: Settings, features: tuple[Feature, ...], upsell: Target, data: Dataset
) -> None:
    firm = Firm(asking(settings, FOLDS[1:], final=None), features, data)
    result = backtest(firm, upsell, UNTIL, contenders=("logistic",))
    frame = result.predictions
    assert "final" not in result.plain
    worth = frame["logistic_expected_value"] / frame["logistic_probability"]
    assert (worth > 0).all()
    assert not np.allclose(worth, frame["value_at_stake"])
    assert result.plain["pooled"]["contenders"]["logistic"]["value_captured_10"]["value"] > 0.1


def test_a_fold_that_cannot_be_trained_is_left_out_and_named(
    settings: Settings, features, churn: Target, data: Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    rows = data.rows.copy()
    rows.loc[rows["as_of"] <= "2025-02-12", "label"] = 0  # all that the first fold may learn from
    firm = Firm(asking(settings, final=None), features, Dataset(rows, data.features))
    with caplog.at_level(logging.WARNING, logger="models.backtest"):
        result = backtest(firm, churn, UNTIL, contenders=BASELINES)
    assert [fold["as_of"] for fold in result.plain["folds"]] == ["2025-03-26"]
    assert result.plain["pooled"]["n"] == 300
    (missing,) = result.plain["left_out"]
    assert missing["as_of"] == "2025-03-12"
    assert "no row has label 1" in missing["reason"]
    assert "the fold of 2025-03-12 is left out" in caplog.text


def test_no_fold_at_all_is_refused_with_the_reason(settings: Settings, features, churn: Target, data: Dataset) -> None:
    empty = Firm(asking(settings), features, Dataset(data.rows.assign(label=np.int8(1)), data.features))
    with pytest.raises(TrainingRefused, match=r"no fold of target 'churn' can be tested\. .*every row has label 1"):
        backtest(empty, churn, UNTIL, contenders=BASELINES)


def test_a_test_date_with_one_class_has_no_auc_but_is_reported(
    settings: Settings, features, churn: Target, data: Dataset
) -> None:
    rows = data.rows.copy()
    rows.loc[rows["as_of"] == "2025-03-26", "label"] = 0
    firm = Firm(asking(settings, FOLDS[1:], final=None), features, Dataset(rows, data.features))
    result = backtest(firm, churn, UNTIL, contenders=BASELINES)
    (fold,) = result.plain["folds"]
    assert fold["positives"] == 0
    assert fold["contenders"]["logistic"]["auc"] == {"value": None, "low": None, "high": None}
    assert fold["contenders"]["logistic"]["brier"]["value"] > 0


def test_with_a_final_fold_alone_nothing_is_pooled(settings: Settings, features, churn: Target, data: Dataset) -> None:
    result = backtest(Firm(asking(settings, ()), features, data), churn, UNTIL, contenders=BASELINES)
    assert result.plain["folds"] == []
    assert result.plain["pooled"] is None
    assert result.plain["final"]["n"] == 300
    assert result.auc("logistic") == Interval(None, None, None)
    assert result.difference("logistic", "recency") is None


def test_a_champion_is_compared_on_test_dates_after_it_was_trained(firm: Firm, churn: Target, data: Dataset) -> None:
    def champion(until: date) -> FittedModel:
        return fit_recipe("logistic", data.at([FIRST]), churn, firm.features, firm.settings, until)

    early = backtest(firm, churn, UNTIL, contenders=("logistic",), champion=champion(FOLDS[1]))
    known = early.predictions.groupby("as_of")["champion_probability"].count()
    assert known.tolist() == [0, 300, 300]
    assert "champion" not in early.plain["pooled"]["contenders"]
    difference = early.difference("logistic", "champion")
    assert difference.low < difference.high
    late = backtest(firm, churn, UNTIL, contenders=("logistic",), champion=champion(UNTIL))
    assert late.difference("logistic", "champion") is None


@pytest.fixture
def small(settings: Settings, features: tuple[Feature, ...], data_of: Callable[..., Dataset]) -> Firm:
    return Firm(asking(settings, final=None), features, data_of(accounts=80))


def test_a_fold_at_the_dates_learnt_from_takes_no_level_from_its_own_labels(small: Firm, churn: Target) -> None:
    def expected(how: str, known_by: date | None) -> float:
        training = small.settings.training.model_copy(update={"recalibrate": how})
        firm = Firm(small.settings.model_copy(update={"training": training}), small.features, small.data)
        fold = Fold(FOLDS[0], (FIRST, FIRST + timedelta(days=14)), known_by=known_by)
        return Predicting(firm, churn, UNTIL, ("logistic",)).rows(fold)["logistic_probability"].sum()

    assert expected("cohort", UNTIL) == expected("none", UNTIL)
    assert expected("cohort", None) != expected("none", None)


def test_a_small_book_is_compared_with_no_model_that_knows_its_accounts(small: Firm, churn: Target) -> None:
    champion = fit_recipe(
        "logistic", small.data.at([FIRST, FIRST + timedelta(days=14)]), churn, small.features, small.settings, FIRST
    )
    result = backtest(small, churn, UNTIL, contenders=BASELINES, champion=champion, ageing=True)
    assert "champion" not in result.plain
    assert result.difference("logistic", "champion") is None
    assert result.plain["ageing"] == []
    assert result.plain["not_compared"] == {
        "champion": SMALL_BOOK.format("the champion"),
        "ageing": SMALL_BOOK.format("an older model"),
    }


@pytest.mark.parametrize(
    ("until", "known", "why"),
    [(None, 5, "There is no champion"), (FOLDS[0], 4, "on other features"), (UNTIL, 5, "later than the champion's")],
)
def test_why_no_champion_is_compared_is_said(
    firm: Firm, churn: Target, data: Dataset, until: date | None, known: int, why: str
) -> None:
    champion = None
    if until is not None:
        champion = fit_recipe("recency", data.at([FIRST]), churn, firm.features, firm.settings, until)
        kept = champion.manifest["features"][:known]
        champion = replace(champion, manifest={**champion.manifest, "features": kept})
    plain = backtest(firm, churn, UNTIL, contenders=("recency",), champion=champion).plain
    assert why in plain["not_compared"]["champion"]
