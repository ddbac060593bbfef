"""Numbers typed by hand: forty accounts of one kind, forty of another, and a few of a third."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.amounts import amounts
from models.breakdown import by_date, by_group
from models.groups import OTHER, REST, TENURE, UNKNOWN, groupings
from models.totals import within


@pytest.fixture
def predictions() -> pd.DataFrame:
    """Two test dates of 84 accounts; every second one has the outcome, and of the trade each is told rightly."""
    segment = ["retail"] * 40 + ["trade"] * 40 + ["public", "state", None, None]
    label = np.tile([0, 1], 42)
    told = np.where(label == 1, 0.75, 0.25)
    told[:40] = 0.5
    day = pd.DataFrame(
        {
            "account_id": [f"a{number:02d}" for number in range(84)], "label": label, "base": np.arange(84.0),
            "segment": segment, "country": None, TENURE: [100.0] * 42 + [400.0] * 41 + [np.nan],
            "model_probability": told, "model_expected_value": told * 100, "realised": label * 80.0,
            "value_at_stake": 80.0,
        }
    )  # fmt: skip
    days = [day.assign(as_of=pd.Timestamp(text)) for text in ("2025-03-01", "2025-04-01")]
    return pd.concat(days, ignore_index=True)


def test_small_groups_are_put_together_and_one_group_is_none(predictions: pd.DataFrame) -> None:
    found = {each.by: list(each.names) for each in groupings(predictions)}
    assert found == {
        "segment": ["retail", "trade", OTHER],
        "tenure": ["under 6 months", "1 to 2 years", UNKNOWN],
        "size": ["up to 27", "to 55", "above 55"],
    }  # country is known of nobody


def test_each_group_has_its_auc_and_what_was_expected_of_it(predictions: pd.DataFrame) -> None:
    told = by_group(predictions, "model", 200, 0, "as they are today")
    assert told["attributes"] == "as they are today"
    retail, trade, other = told["dimensions"][0]["groups"]
    assert (retail["n"], retail["accounts"], retail["positives"], retail["small"]) == (80, 40, 40, False)
    assert retail["auc"]["value"] == 0.5
    assert trade["auc"]["value"] == 1.0
    assert trade["number"] == {"expected": 40.0, "real": 40.0, "ratio": trade["number"]["ratio"]}
    assert trade["value"]["ratio"]["value"] == 1.25  # 4,000 expected, 3,200 came
    assert trade["value"]["ratio"]["low"] <= 1.25 <= trade["value"]["ratio"]["high"]
    assert (other["n"], other["small"], other["auc"]["value"]) == (8, True, None)


def test_dates_are_told_one_by_one_and_together(predictions: pd.DataFrame) -> None:
    told = by_date(predictions, "model", {"2025-03-01": 0.4, "2025-04-01": 0.6}, 200, 0)
    assert [(fold["as_of"], fold["learnt"], fold["n"]) for fold in told["folds"]] == [
        ("2025-03-01", 0.4, 84), ("2025-04-01", 0.6, 84),
    ]  # fmt: skip
    assert told["pooled"]["learnt"] == pytest.approx(0.5)
    assert told["pooled"]["rate"]["value"] == told["pooled"]["predicted"]["value"] == 0.5
    assert (told["pooled"]["number"]["expected"], told["pooled"]["number"]["real"]) == (84.0, 84.0)
    assert told["pooled"]["value"]["ratio"]["value"] == 1.25


def test_amounts_miss_by_so_much_and_lean_one_way(predictions: pd.DataFrame) -> None:
    rows = predictions[predictions["segment"] == "trade"]
    told = amounts(rows, "model", True, 200, 0)
    # 75 expected of the 80 that came, 25 of the 0 that did not.
    assert (told["expected_value"]["mae"]["value"], told["expected_value"]["bias"]["value"]) == (15.0, 10.0)
    first, last = told["expected_value"]["tenths"]
    assert (first["n"], first["expected"], first["real"], last["real"]) == (40, 3000.0, 3200.0, 0.0)
    assert last["ratio"]["value"] is None
    # Of those who grew 100 was expected, and 80 came.
    assert told["increment"]["bias"]["value"] == pytest.approx(20.0)
    assert told["increment"]["spread"] == pytest.approx({"10%": 0.8, "50%": 0.8, "90%": 0.8})


def test_within_a_tenth() -> None:
    assert within({"value": 1.09}, 0.1)
    assert not within({"value": 0.89}, 0.1)
    assert not within({"value": None}, 0.1)


def test_only_rows_of_the_same_left_out_group_are_compared(predictions: pd.DataFrame) -> None:
    # Right within each left-out group; the model of one lies higher throughout, as its level is its own.
    group = np.tile([0.0, 0.0, 1.0, 1.0], 42)
    told = np.where(predictions["label"] == 1, 0.3, 0.1) + 0.4 * group
    rows = predictions.assign(group=group, model_probability=told)
    for dimension in by_group(rows, "model", 200, 0, "")["dimensions"]:
        assert {each["auc"]["value"] for each in dimension["groups"]} <= {1.0, None}


def test_a_value_called_other_is_not_the_rest(predictions: pd.DataFrame) -> None:
    rows = predictions.assign(segment=predictions["segment"].replace("trade", OTHER))
    assert list(groupings(rows)[0].names) == [OTHER, "retail", REST]


def test_bounds_below_one_are_told_apart(predictions: pd.DataFrame) -> None:
    rows = predictions.assign(base=predictions["base"] / 1000)
    assert list(groupings(rows)[-1].names) == ["up to 0.03", "to 0.06", "above 0.06"]


def test_an_attribute_of_small_groups_alone_is_said_to_be(predictions: pd.DataFrame) -> None:
    rows = predictions.assign(segment=predictions["account_id"])
    told = by_group(rows, "model", 200, 0, "as they are today")
    assert told["too_small"] == ["segment"]
    assert [dimension["by"] for dimension in told["dimensions"]] == ["tenure", "size"]
