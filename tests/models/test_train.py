"""What a fit learns, how it repeats itself, and when it refuses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from features.catalogue import FEATURES
from features.spec import Feature
from models.dataset import Dataset
from models.encoding import encode
from models.manifest import FittedModel
from models.recipes import recency_feature
from models.rows import Encoded
from models.sampling import Sampled
from models.targets import Target
from models.train import fit_recipe
from pipeline.errors import ModelError, TrainingRefused
from pipeline.settings import Settings, TrainingSettings

UNTIL = date(2025, 6, 1)
Fit = Callable[..., FittedModel]


@pytest.fixture
def fit_toy(churn: Target, features: tuple[Feature, ...], settings: Settings) -> Fit:
    def fitted(data: Dataset, recipe: str = "logistic", features: Sequence[Feature] = features) -> FittedModel:
        return fit_recipe(recipe, data, churn, features, settings, UNTIL)

    return fitted


def test_each_recipe_finds_the_signal_and_the_model_finds_most(fit_toy: Fit, data_of: Callable[..., Dataset]) -> None:
    train, test = data_of(), data_of(seed=2)
    found = {
        recipe: roc_auc_score(test.rows["label"], fit_toy(train, recipe).probability(test.features))
        for recipe in ("model", "logistic", "recency")
    }
    assert found["recency"] > 0.6
    assert found["logistic"] > found["recency"] + 0.04
    # "trade" matters only when the last purchase is long ago: a curve per feature cannot say so.
    assert found["model"] > found["logistic"]


def test_fitting_twice_gives_the_same_bytes(fit_toy: Fit, data_of: Callable[..., Dataset]) -> None:
    first, second = (fit_toy(data_of(), "model") for _ in range(2))
    assert first.manifest == second.manifest
    assert first.files == second.files
    assert first.digest == second.digest


def test_other_data_give_another_digest(fit_toy: Fit, data_of: Callable[..., Dataset]) -> None:
    first, second = fit_toy(data_of(dates=2)), fit_toy(data_of(dates=2, seed=3))
    assert first.digest != second.digest
    assert first.manifest["data_digest"] != second.manifest["data_digest"]


def test_the_manifest_says_what_the_model_was_made_of(
    churn_model: FittedModel, data_of: Callable[..., Dataset]
) -> None:
    manifest, data = churn_model.manifest, data_of()
    assert manifest["recipe"] == "model"
    assert manifest["target"] == {
        "name": "churn", "kind": "churn", "by": "inactivity", "risk": True, "horizon": 28, "gap": 0, "settle_days": 0,
        "active_days": 120, "min_history_days": 30,
    }  # fmt: skip
    assert manifest["trained_until"] == "2025-06-01"
    assert (manifest["as_ofs"][0], manifest["as_ofs"][-1], len(manifest["as_ofs"])) == ("2025-01-01", "2025-04-09", 8)
    assert manifest["counts"] == {"rows": 2400, "accounts": 300, "positives": int(data.rows["label"].sum())}
    spend = manifest["features"][2]
    assert spend["name"] == "spend_90d"
    assert spend["type"] == "number"
    assert spend["typical"] == float(data.features["spend_90d"].median())
    assert manifest["features"][4]["categories"] == ["public", "retail", "trade"]
    assert sorted(manifest["files"]) == ["curves.json", "trees-2.txt", "trees.txt"]
    assert manifest["increment"] is None


def test_with_enough_dates_rounds_and_calibration_come_from_later_dates(churn_model: FittedModel) -> None:
    calibration = churn_model.manifest["calibration"]
    assert calibration["kind"] == "platt"
    assert calibration["folds"] == 4
    assert calibration["rows"] == 1200
    assert calibration["slope"] > 0.5
    bands = churn_model.manifest["bands"]
    assert sum(band["n"] for band in bands) == 1200
    assert (bands[0]["low"], bands[-1]["high"]) == (0.0, 1.0)
    rates = [band["positives"] / band["n"] for band in bands]
    assert rates[-1] > 2 * rates[0]


def test_with_too_few_dates_the_defaults_hold_and_the_manifest_says_so(
    fit_toy: Fit, data_of: Callable[..., Dataset]
) -> None:
    manifest = fit_toy(data_of(dates=2), "model").manifest
    calibration = manifest["calibration"]
    assert (calibration["kind"], calibration["slope"], calibration["intercept"]) == ("identity", 1.0, 0.0)
    assert calibration["note"] == "0 inner folds in time; 3 are needed to calibrate on later dates"
    assert manifest["bands"] == []
    assert "accounts not learnt from" in manifest["chosen"]["judged_on"]


def test_probabilities_are_calibrated_on_new_accounts(
    churn_model: FittedModel, data_of: Callable[..., Dataset]
) -> None:
    test = data_of(accounts=2000, dates=2, seed=4)
    probability = churn_model.probability(test.features)
    label = test.rows["label"].to_numpy()
    assert abs(probability.mean() - label.mean()) < 0.03
    high = probability > np.quantile(probability, 0.8)
    assert abs(probability[high].mean() - label[high].mean()) < 0.04


def test_expected_value_is_probability_times_value(
    churn_model: FittedModel, upsell_model: FittedModel, data_of: Callable[..., Dataset]
) -> None:
    test = data_of(accounts=50, dates=1, seed=6)
    base, stake = test.rows["base"].to_numpy(), test.rows["value_at_stake"].to_numpy()
    np.testing.assert_array_equal(
        churn_model.expected_value(test.features, base, stake), churn_model.probability(test.features) * stake
    )
    increment = upsell_model.value(test.features, base, np.full(50, np.nan))
    # Those who grow, grow by about half of their base.
    assert 0.4 < increment.sum() / base.sum() < 0.65
    np.testing.assert_array_equal(
        upsell_model.expected_value(test.features, base, stake), upsell_model.probability(test.features) * increment
    )


def test_the_recency_rule_looks_at_days_since_the_last_purchase_alone(
    fit_toy: Fit, data_of: Callable[..., Dataset]
) -> None:
    rule = fit_toy(data_of(), "recency")
    assert rule.manifest["recency"] == "days_since_purchase"
    rows = data_of(accounts=3, dates=1).features.assign(days_since_purchase=[1.0, 30.0, 90.0])
    low, middle, high = rule.probability(rows)
    assert low < middle < high
    shares = rule.scorer.contributions(rule.encode(rows))
    assert np.flatnonzero(shares.any(axis=0)).tolist() == [3, 5]


def test_without_a_recency_feature_the_rule_is_refused(
    fit_toy: Fit, data_of: Callable[..., Dataset], features: tuple[Feature, ...]
) -> None:
    kept = [feature for feature in features if feature.family != "recency"]
    data = data_of(dates=2)
    data = Dataset(data.rows, data.features[[feature.name for feature in kept]])
    with pytest.raises(TrainingRefused, match="Map the table invoices or interactions"):
        fit_toy(data, "recency", kept)


@pytest.mark.parametrize(
    ("reads", "filled", "taken"),
    [
        ("invoices", {"purchase": 1.0, "interaction": 1.0, "contract_change": 1.0}, "purchase"),
        ("invoices", {"purchase": 0.5, "interaction": 1.0}, "purchase"),
        ("invoices", {"purchase": 0.4, "interaction": 0.6}, "interaction"),
        ("subscriptions", {"purchase": 1.0, "interaction": 0.6, "contract_change": 1.0}, "interaction"),
        ("subscriptions", {"purchase": 0.3, "interaction": 0.2, "contract_change": 1.0}, "purchase"),
        ("subscriptions", {"contract_change": 0.2, "login": 1.0}, "contract_change"),
    ],
)
def test_the_rule_looks_at_activity_before_contracts(reads: str, filled: dict[str, float], taken: str) -> None:
    found = [next(each for each in FEATURES if each.name == f"days_since_{name}") for name in filled]
    matrix = np.array([[1.0 if row < 10 * share else np.nan for share in filled.values()] for row in range(10)])
    rows = Encoded(matrix, np.zeros(10, np.int8), tuple(filled), {})
    target = SimpleNamespace(name="churn", reads=(reads,))
    assert recency_feature(found, target, rows) == f"days_since_{taken}"  # type: ignore[arg-type]


def relabelled(data: Dataset, positives: int) -> Dataset:
    label = (np.arange(len(data)) < positives).astype(np.int8)
    return Dataset(data.rows.assign(label=label), data.features)


@pytest.mark.parametrize(
    ("positives", "fault"),
    [
        (0, "nothing to learn from: no row has label 1"),
        (600, "nothing to tell apart: every row has label 1"),
        (49, "49 rows, of 49 accounts, have label 1; at least 50 are needed to judge a model by"),
        (551, "49 rows, of 49 accounts, have label 0; at least 50 are needed to judge a model by"),
    ],
)
def test_too_little_to_learn_from_is_refused_with_the_counts(
    positives: int, fault: str, fit_toy: Fit, data_of: Callable[..., Dataset]
) -> None:
    with pytest.raises(TrainingRefused) as refusal:
        fit_toy(relabelled(data_of(dates=2), positives))
    said = str(refusal.value)
    assert f"target 'churn': {fault}" in said or f"target 'churn': there is {fault}" in said
    assert f"600 rows on 2 as_of dates from 2025-01-01 to 2025-01-15, {positives} of them with label 1" in said
    assert "no positive invoice in the window of 28 days" in said
    assert "What would help: more history or more accounts" in said
    assert "[training] min_positives is 50" in said


@pytest.mark.parametrize("positives", [0, 600])
def test_not_even_a_rule_is_fitted_to_one_label(positives: int, fit_toy: Fit, data_of: Callable[..., Dataset]) -> None:
    with pytest.raises(TrainingRefused, match="nothing to"):
        fit_toy(relabelled(data_of(dates=2), positives), "recency")
    fit_toy(relabelled(data_of(dates=2), abs(positives - 1)), "recency")


def test_the_fewest_that_are_enough_are_accepted(fit_toy: Fit, data_of: Callable[..., Dataset]) -> None:
    assert fit_toy(relabelled(data_of(dates=2), 50)).manifest["counts"]["positives"] == 50


def test_min_positives_is_the_settings(
    data_of: Callable[..., Dataset], churn: Target, features: tuple[Feature, ...], settings: Settings
) -> None:
    strict = settings.model_copy(update={"training": TrainingSettings(min_positives=400, threads=1)})
    with pytest.raises(TrainingRefused, match=r"one as_of date, 2025-01-01.*min_positives is 400"):
        fit_recipe("logistic", data_of(dates=1), churn, features, strict, UNTIL)


def test_columns_that_are_not_the_features_are_refused(fit_toy: Fit, data_of: Callable[..., Dataset]) -> None:
    data = data_of(dates=2)
    with pytest.raises(ModelError, match="are not the 5 features given, in their order"):
        fit_toy(Dataset(data.rows, data.features.iloc[:, ::-1]))


def test_infinite_features_are_refused(fit_toy: Fit, data_of: Callable[..., Dataset]) -> None:
    data = data_of(dates=2)
    spend = data.features["spend_90d"].where(data.features.index > 0, np.inf)
    with pytest.raises(ModelError, match="feature 'spend_90d' holds infinite values"):
        fit_toy(Dataset(data.rows, data.features.assign(spend_90d=spend)))


def test_an_unknown_recipe_names_the_nearest(fit_toy: Fit, data_of: Callable[..., Dataset]) -> None:
    with pytest.raises(ModelError, match="no such recipe: 'logistics'; did you mean 'logistic'"):
        fit_toy(data_of(dates=2), "logistics")


def test_columns_of_one_value_or_of_nothing_do_no_harm(fit_toy: Fit, data_of: Callable[..., Dataset]) -> None:
    data = data_of()
    dull = data.features.assign(calls_30d=7.0, spend_90d=np.nan)
    model = fit_toy(replace(data, features=dull), "model")
    assert model.manifest["features"][2]["typical"] is None
    assert roc_auc_score(data.rows["label"], model.probability(dull)) > 0.7
    assert not pd.isna(model.probability(dull)).any()


def test_what_is_typical_is_so_of_all_rows_that_a_sample_stands_for(
    fit_toy: Fit, data_of: Callable[..., Dataset]
) -> None:
    """Of the others only every fourth is left, each counting four times; those that left bought longer ago."""
    whole = data_of()
    label = whole.rows["label"].to_numpy()
    kept = (label == 1) | (np.arange(len(label)) % 4 == 0)
    others, positives = int((label == 0).sum()), int(label.sum())
    note = Sampled((others, positives), (int((label[kept] == 0).sum()), positives), 300, {})
    rows, features = (frame[kept].reset_index(drop=True) for frame in (whole.rows, whole.features))

    def typical(data: Dataset) -> tuple[float, str]:
        described = fit_toy(data, "recency").manifest["features"]
        return described[3]["typical"], described[4]["typical"]

    days, segment = typical(whole)
    of_sample, as_if_whole = typical(Dataset(rows, features, sampled=note)), typical(Dataset(rows, features))
    assert abs(of_sample[0] - days) <= 1 < as_if_whole[0] - days
    assert of_sample[1] == segment != as_if_whole[1]


def test_rows_that_lie_in_one_matrix_are_learnt_from_where_they_lie(
    fit_toy: Fit, data_of: Callable[..., Dataset], features: tuple[Feature, ...]
) -> None:
    data = data_of()
    matrix = np.full((len(data), len(features)), np.nan)
    for column, feature in enumerate(features):
        if feature.unit != "category":
            matrix[:, column] = data.features[feature.name]
    laid = Dataset(data.rows, data.features, matrix)
    _, rows = encode(laid, features)
    assert rows.numbers is matrix
    part = rows.take(data.rows["label"].to_numpy() == 1)
    assert part.take(np.arange(len(part.label)) < 2).numbers is matrix
    assert part.label.all()
    np.testing.assert_array_equal(part.matrix, matrix[data.rows["label"].to_numpy() == 1])
    assert fit_toy(laid, "model").digest == fit_toy(data, "model").digest
