from __future__ import annotations

import pandas as pd
import pytest

from models.curves import curves, gain, lift, precision_recall, reliability
from models.evaluate import evaluate
from models.metrics import METRICS


def frame(probability: list[float], label: list[int], value: list[float] | None = None) -> pd.DataFrame:
    """Rows of one as_of; the value is lost where the label is 1, and expected value ranks by it alone."""
    worth = value or [1.0] * len(label)
    return pd.DataFrame(
        {
            "account_id": [f"a{number}" for number in range(len(label))],
            "as_of": pd.Timestamp("2025-03-01"),
            "label": label,
            "realised": [amount * one for amount, one in zip(worth, label, strict=True)],
            "model_probability": probability,
            "model_expected_value": worth,
        }
    )


FOUR = frame([0.9, 0.6, 0.4, 0.1], [1, 0, 1, 0], [10.0, 5.0, 90.0, 1.0])


def told(points: list, *names: str) -> list[tuple]:
    return [tuple(point[name] for name in names) for point in points]


def test_gain_of_four_rows() -> None:
    found = gain(FOUR, "model", shares=(0.0, 0.25, 0.5, 0.75, 1.0))
    assert told(found, "share", "captured") == [(0.0, 0.0), (0.25, 0.5), (0.5, 0.5), (0.75, 1.0), (1.0, 1.0)]
    # By expected value the 90 comes first, then the 10.
    assert [point["captured_value"] for point in found] == [0.0, 0.9, 1.0, 1.0, 1.0]


def test_half_a_row_catches_half_of_it() -> None:
    assert gain(FOUR, "model", shares=(0.125,))[0]["captured"] == 0.25


def test_lift_is_the_catch_over_the_share_called() -> None:
    assert lift(gain(FOUR, "model", shares=(0.0, 0.25, 1.0))) == [(0.25, 2.0), (1.0, 1.0)]


def test_ties_are_caught_as_in_the_mean_over_their_orders() -> None:
    even = frame([0.5, 0.5, 0.5, 0.5], [1, 1, 0, 0])
    assert told(gain(even, "model", shares=(0.25, 0.5)), "captured", "captured_value") == [(0.25, 0.25), (0.5, 0.5)]


def test_the_share_is_called_at_each_as_of() -> None:
    # Pooled, the second date's 0.2 would never be called before the first date's 0.8.
    rows = frame([0.9, 0.8, 0.2, 0.1], [1, 0, 1, 0])
    rows.loc[2:, "as_of"] = pd.Timestamp("2025-04-01")
    assert gain(rows, "model", shares=(0.5,))[0]["captured"] == 1.0


def test_precision_and_recall_of_four_rows() -> None:
    found = precision_recall(FOUR["label"].to_numpy(float), FOUR["model_probability"].to_numpy())
    assert told(found, "recall", "precision") == [(0.5, 1.0), (1.0, 2 / 3)]


def test_tied_rows_pass_a_threshold_together() -> None:
    rows = frame([0.9, 0.9, 0.1, 0.1], [1, 0, 1, 0])
    found = precision_recall(rows["label"].to_numpy(float), rows["model_probability"].to_numpy())
    assert told(found, "recall", "precision") == [(0.5, 0.5), (1.0, 0.5)]


def test_many_thresholds_are_thinned_out_by_recall() -> None:
    rows = frame([1 - number / 1000 for number in range(1000)], [1, 0] * 500)
    found = precision_recall(rows["label"].to_numpy(float), rows["model_probability"].to_numpy(), points=4)
    assert [point["recall"] for point in found] == [0.25, 0.5, 0.75, 1.0]
    assert found[0]["precision"] == 125 / 249


def test_reliability_of_four_rows_in_two_bins() -> None:
    low, high = reliability(FOUR["label"].to_numpy(float), FOUR["model_probability"].to_numpy(), bins=2)
    assert (low["low"], low["high"], low["n"], low["predicted"], low["observed"]) == (0.1, 0.4, 2, 0.25, 0.5)
    assert (high["low"], high["high"], high["n"], high["predicted"], high["observed"]) == (0.6, 0.9, 2, 0.75, 0.5)
    # Wilson's interval of 1 in 2
    assert (low["observed_low"], low["observed_high"]) == pytest.approx((0.0945, 0.9055), abs=1e-4)


def test_equal_probabilities_share_a_bin() -> None:
    rows = frame([0.3, 0.3, 0.3, 0.9], [0, 1, 0, 1])
    found = reliability(rows["label"].to_numpy(float), rows["model_probability"].to_numpy(), bins=4)
    assert told(found, "low", "high", "n", "observed") == [(0.3, 0.3, 3, 1 / 3), (0.9, 0.9, 1, 1.0)]


def test_bins_hold_equal_counts() -> None:
    rows = frame([number / 100 for number in range(100)], [0, 1] * 50)
    found = reliability(rows["label"].to_numpy(float), rows["model_probability"].to_numpy())
    assert [point["n"] for point in found] == [10] * 10
    assert [point["low"] for point in found][:2] == [0.0, 0.1]


def test_the_order_of_rows_does_not_matter() -> None:
    rows = frame([0.7, 0.7, 0.7, 0.2, 0.2, 0.1], [1, 0, 0, 1, 0, 0], [3.0, 3.0, 1.0, 8.0, 8.0, 2.0])
    turned = rows.iloc[[5, 3, 1, 0, 4, 2]].reset_index(drop=True)
    assert curves(rows, ("model",)) == curves(turned, ("model",))


def test_every_contender_has_its_gain_and_the_figures_agree_with_the_metrics() -> None:
    rows = frame([1 - number / 50 for number in range(50)], [1, 1, 0, 0, 0] * 10, [float(50 - n) for n in range(50)])
    rows["recency_probability"], rows["recency_expected_value"] = 0.5, 1.0
    found = curves(rows, ("model", "recency"))
    assert list(found) == ["gain", "gain_recency", "precision_recall", "reliability"]
    assert all(point["captured"] == pytest.approx(point["share"]) for point in found["gain_recency"])
    measured = evaluate(rows, ("model",), capacity=5, replicates=1).figures["model"]
    assert set(measured) == set(METRICS)
    tenth = next(point for point in found["gain"] if point["share"] == 0.1)
    assert tenth["captured"] / 0.1 == pytest.approx(measured["lift_10"])
    assert tenth["captured_value"] == pytest.approx(measured["value_captured_10"])


def test_without_positives_there_is_nothing_to_find() -> None:
    rows = frame([0.9, 0.1], [0, 0])
    found = curves(rows, ("model",))
    assert (found["gain"], found["precision_recall"], lift(found["gain"])) == ([], [], [])
    assert told(found["reliability"], "n", "observed") == [(1, 0.0), (1, 0.0)]


def test_where_no_value_was_lost_none_is_captured() -> None:
    rows = frame([0.9, 0.1], [1, 0], [0.0, 0.0])
    assert told(gain(rows, "model", shares=(1.0,)), "captured", "captured_value") == [(1.0, None)]
