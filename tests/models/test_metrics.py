"""Every metric on four rows, numbers typed by hand, and against scikit-learn where that has it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from models.evaluate import evaluate

FOUR = ["a", "b", "c", "d"]


def figures(
    label: list[int],
    probability: list[float],
    *,
    expected_value: list[float] | None = None,
    realised: list[float] | None = None,
    accounts: list[str] | None = None,
    as_of: list[str] | None = None,
    capacity: int = 2,
) -> dict[str, float | None]:
    frame = pd.DataFrame(
        {
            "account_id": accounts or FOUR,
            "as_of": pd.to_datetime(as_of or ["2026-01-01"] * len(label)),
            "label": label,
            "realised": realised or [100.0 * one for one in label],
            "model_probability": probability,
            "model_expected_value": expected_value or probability,
        }
    )
    return dict(evaluate(frame, ["model"], capacity=capacity, replicates=1).figures["model"])


def test_auc() -> None:
    assert figures([1, 1, 0, 0], [0.9, 0.8, 0.2, 0.1])["auc"] == 1.0
    assert figures([0, 0, 1, 1], [0.9, 0.8, 0.2, 0.1])["auc"] == 0.0
    assert figures([1, 0, 1, 0], [0.9, 0.8, 0.2, 0.1])["auc"] == 0.75  # one of four pairs is the wrong way round
    assert figures([1, 0, 1, 0], [0.5, 0.5, 0.5, 0.5])["auc"] == 0.5  # ties count one half
    assert figures([1, 1, 1, 1], [0.9, 0.8, 0.2, 0.1])["auc"] is None
    assert figures([0, 0, 0, 0], [0.9, 0.8, 0.2, 0.1])["auc"] is None


def test_average_precision() -> None:
    assert figures([1, 1, 0, 0], [0.9, 0.8, 0.2, 0.1])["average_precision"] == 1.0
    assert figures([1, 0, 0, 1], [0.9, 0.8, 0.2, 0.1])["average_precision"] == 0.75  # (1/1 + 2/4) / 2
    assert figures([0, 0, 0, 1], [0.9, 0.8, 0.2, 0.1])["average_precision"] == 0.25
    assert figures([0, 0, 0, 1], [0.5, 0.5, 0.5, 0.5])["average_precision"] == 0.25
    assert figures([0, 0, 0, 0], [0.9, 0.8, 0.2, 0.1])["average_precision"] is None


def test_brier() -> None:
    assert figures([1, 1, 0, 0], [1.0, 1.0, 0.0, 0.0])["brier"] == 0.0
    assert figures([1, 1, 0, 0], [0.5, 0.5, 0.5, 0.5])["brier"] == 0.25
    assert figures([1, 0, 0, 0], [0.0, 0.0, 0.0, 0.0])["brier"] == 0.25


def test_ece() -> None:
    # four rows, four bins: the mean of |probability - label|
    assert figures([1, 1, 0, 0], [1.0, 1.0, 0.0, 0.0])["ece"] == 0.0
    assert figures([1, 1, 0, 0], [0.75, 0.75, 0.5, 0.0])["ece"] == 0.25


def test_ece_compares_means_within_ten_bins_of_equal_count() -> None:
    # twenty rows, ten bins of two: .75 and .25 with one positive are right on average
    label = [1, 0] * 10
    probability = [0.75 + i / 1000 for i in (1, 0)] + [0.25 - i / 1000 for i in range(18)]
    accounts = [f"{i:02d}" for i in range(20)]
    # the first bin lies .2505 above its .5; bin j of the rest .25 + (4j + 1) / 2000 below it, j = 0 to 8
    expected = (0.2505 + sum(0.25 + (4 * j + 1) / 2000 for j in range(9))) / 10
    assert figures(label, probability, accounts=accounts)["ece"] == pytest.approx(expected, abs=1e-12)


def test_lift_10_takes_the_upper_tenth_rounded_up() -> None:
    assert figures([1, 0, 0, 0], [0.9, 0.8, 0.2, 0.1])["lift_10"] == 4.0
    assert figures([0, 1, 1, 1], [0.9, 0.8, 0.2, 0.1])["lift_10"] == 0.0
    assert figures([0, 1, 1, 1], [0.5, 0.5, 0.5, 0.5])["lift_10"] == 0.0  # a tie goes to account a
    assert figures([0, 0, 0, 0], [0.9, 0.8, 0.2, 0.1])["lift_10"] is None
    eleven = figures(
        [1, 1, *[0] * 9], [1.0 - i / 20 for i in range(11)], accounts=[f"{i:02d}" for i in range(11)]
    )  # fmt: skip
    assert eleven["lift_10"] == 5.5  # two rows of eleven, both positive


def test_precision_at_capacity() -> None:
    assert figures([1, 0, 0, 1], [0.9, 0.8, 0.2, 0.1], capacity=2)["precision_at_capacity"] == 0.5
    assert figures([1, 1, 0, 0], [0.9, 0.8, 0.2, 0.1], capacity=2)["precision_at_capacity"] == 1.0
    assert figures([1, 0, 0, 0], [0.9, 0.8, 0.2, 0.1], capacity=100)["precision_at_capacity"] == 0.25
    assert figures([0, 1, 0, 0], [0.5, 0.5, 0.5, 0.5], capacity=1)["precision_at_capacity"] == 0.0


def test_value_captured_10() -> None:
    realised = [300.0, 100.0, 0.0, 0.0]
    probability = [0.1, 0.2, 0.3, 0.4]
    by_value = {"expected_value": [30.0, 20.0, 1.0, 1.0], "realised": realised}
    assert figures([1, 1, 0, 0], probability, **by_value)["value_captured_10"] == 0.75
    assert figures([1, 1, 0, 0], probability, realised=realised)["value_captured_10"] == 0.0
    tied = {"expected_value": [1.0, 1.0, 1.0, 1.0], "realised": realised}
    assert figures([1, 1, 0, 0], probability, accounts=["d", "c", "b", "a"], **tied)["value_captured_10"] == 0.0
    assert figures([0, 0, 0, 0], probability, realised=[0.0] * 4)["value_captured_10"] is None


def test_lists_are_drawn_per_as_of_and_their_sums_pooled() -> None:
    as_of = ["2026-01-01", "2026-01-01", "2026-02-01", "2026-02-01"]
    pooled = figures(
        [1, 0, 1, 0],
        [0.9, 0.8, 0.1, 0.2],
        realised=[30.0, 0.0, 10.0, 0.0],
        accounts=["a", "b", "a", "b"],
        as_of=as_of,
        capacity=1,
    )
    # each as_of lists one row: a in January (right), b in February (wrong)
    assert pooled["precision_at_capacity"] == 0.5
    assert pooled["value_captured_10"] == 0.75
    assert pooled["lift_10"] == 1.0
    assert pooled["auc"] == 0.5  # over all four rows


def test_agrees_with_scikit_learn_on_many_rows_with_ties() -> None:
    generator = np.random.default_rng(11)
    for rounding in (1, 2, 17):
        probability = generator.random(500).round(rounding)
        label = (generator.random(500) < probability).astype(int)
        measured = figures(
            label.tolist(), probability.tolist(), accounts=[f"{i:03d}" for i in range(500)]
        )  # fmt: skip
        assert measured["auc"] == pytest.approx(roc_auc_score(label, probability), abs=1e-12)
        assert measured["average_precision"] == pytest.approx(average_precision_score(label, probability), abs=1e-12)
        assert measured["brier"] == pytest.approx(brier_score_loss(label, probability), abs=1e-12)
