from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.bootstrap import Resamples
from models.evaluate import evaluate, paired_difference
from models.metrics import METRICS
from pipeline.errors import ModelError


def predictions(rows: int = 60, seed: int = 0, dates: int = 2) -> pd.DataFrame:
    """Two as_ofs of half as many accounts; `good` knows something, `blind` nothing."""
    generator = np.random.default_rng(seed)
    label = generator.integers(0, 2, rows)
    frame = pd.DataFrame(
        {
            "account_id": [f"a{i % (rows // dates):03d}" for i in range(rows)],
            "as_of": pd.to_datetime([f"2026-0{1 + i // (rows // dates)}-01" for i in range(rows)]),
            "label": label,
            "realised": label * generator.integers(1, 9, rows).astype(float),
        }
    )
    for name, signal in (("good", 0.2), ("blind", 0.0)):
        frame[f"{name}_probability"] = (0.2 + signal * label + 0.5 * generator.random(rows)).round(2)
        frame[f"{name}_expected_value"] = frame[f"{name}_probability"] * generator.integers(1, 9, rows)
    return frame


def test_every_replicate_is_the_metric_of_the_resampled_rows() -> None:
    """The weighted form against the obvious one: repeat the drawn accounts' rows and measure those."""
    frame = predictions()
    measured = evaluate(frame, ["good"], capacity=7, replicates=40, seed=5)
    weights = np.concatenate(list(Resamples(frame["account_id"].to_numpy(), 40, seed=5).blocks()))
    for replicate, times in enumerate(weights.astype(int)):
        repeated = frame.loc[np.repeat(frame.index, times)]
        obvious = evaluate(repeated, ["good"], capacity=7, replicates=1).figures["good"]
        for metric in METRICS:
            assert measured.replicates["good"][metric][replicate] == pytest.approx(obvious[metric], abs=1e-12), metric


def test_row_order_changes_nothing() -> None:
    frame = predictions()
    shuffled = frame.sample(frac=1, random_state=3)
    once = evaluate(frame, ["good", "blind"], capacity=7, replicates=50).plain()
    again = evaluate(shuffled, ["good", "blind"], capacity=7, replicates=50).plain()
    for contender, figures in once.items():
        for metric, figure in figures.items():
            assert again[contender][metric] == pytest.approx(figure, abs=1e-12), (contender, metric)


def test_intervals_hold_their_value_and_shrink_with_more_accounts() -> None:
    few = evaluate(predictions(60), ["good"], capacity=7, replicates=200).interval("good", "auc")
    many = evaluate(predictions(1200), ["good"], capacity=7, replicates=200).interval("good", "auc")
    assert few.low < few.value < few.high
    assert many.high - many.low < 0.5 * (few.high - few.low)


def test_the_paired_difference_uses_the_same_resamples_for_both() -> None:
    frame = predictions(200)
    frame["twin_probability"] = frame["good_probability"] ** 2
    frame["twin_expected_value"] = frame["good_expected_value"]
    same = paired_difference(frame, "good", "twin", "auc", replicates=100)
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)
    better = paired_difference(frame, "good", "blind", "auc", replicates=100)
    worse = paired_difference(frame, "blind", "good", "auc", replicates=100)
    assert 0 < better.low < better.value < better.high
    assert [worse.value, worse.low, worse.high] == pytest.approx([-better.value, -better.high, -better.low])


def test_one_class_only_gives_no_auc_and_no_warning() -> None:
    frame = predictions().assign(label=0, realised=0.0)
    figures = evaluate(frame, ["good"], capacity=7, replicates=20).plain()["good"]
    nothing = {"value": None, "low": None, "high": None}
    assert figures["auc"] == figures["average_precision"] == figures["lift_10"] == nothing
    assert figures["value_captured_10"] == nothing
    assert figures["precision_at_capacity"]["value"] == 0.0
    assert (
        evaluate(frame, ["good", "blind"], capacity=7, replicates=20).difference("good", "blind", "auc").value is None
    )


def test_replicates_with_one_class_are_skipped_and_counted() -> None:
    frame = predictions(4, dates=1).assign(label=[1, 0, 0, 0], realised=[1.0, 0.0, 0.0, 0.0])
    measured = evaluate(frame, ["good"], capacity=1, replicates=400, seed=1)
    # the only positive is missing from (3/4)^4 = 32 % of the draws
    assert 90 <= measured.interval("good", "average_precision").skipped <= 170
    assert measured.interval("good", "average_precision").low is not None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.drop(columns="realised"), "lack the column 'realised'"),
        (lambda frame: frame.drop(columns="good_probability"), "lack the column 'good_probability'"),
        (lambda frame: frame.head(0), "no out-of-time rows"),
        (lambda frame: frame.assign(label=2), "labels must be 0 or 1"),
        (lambda frame: frame.assign(good_probability=1.5), r"finite number in \[0, 1\]; found 1.5 for account a000"),
        (lambda frame: frame.assign(good_probability=np.nan), r"good_probability must be a finite number"),
        (lambda frame: frame.assign(good_expected_value=np.inf), "good_expected_value must be a finite number; found"),
        (lambda frame: frame.assign(realised=np.nan), "realised must be a finite number"),
    ],
)
def test_faulty_predictions_are_refused(change, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        evaluate(change(predictions()), ["good"], capacity=7, replicates=10)
