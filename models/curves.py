"""How a ranking pays off and how far its probabilities can be believed, as curves over out-of-time rows.

Rows with equal scores are never told apart: a curve passes through them as the mean over all their orders, so the
order of the rows does not matter. The positive class is label 1: the account left (churn) or grew (upsell).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.evaluate import EXPECTED_VALUE, PROBABILITY
from pipeline.likelihood import wilson

Floats = NDArray[np.float64]
Curve = list[dict[str, float | None]]

SHARES = (0.0, 0.01, 0.02, 0.05, *(step / 10 for step in range(1, 11)))
"""Shares of the accounts called that gain and lift are told for."""

BINS = 10
"""Bins of the reliability curve, of about equal counts."""

POINTS = 50
"""Points of the precision-recall curve, at most."""


def curves(predictions: pd.DataFrame, contenders: Sequence[str]) -> dict[str, Curve]:
    """Return gain, precision_recall and reliability of the first contender, and gain_<name> of each other one.

    `predictions` are out-of-time rows as `models.evaluate.evaluate` takes them. Every curve is a list of points, empty
    where it is not defined (no positives).
    """
    first = contenders[0]
    label = predictions["label"].to_numpy(np.float64)
    probability = predictions[PROBABILITY.format(first)].to_numpy(np.float64)
    return {
        "gain": gain(predictions, first),
        **{f"gain_{name}": gain(predictions, name) for name in contenders[1:]},
        "precision_recall": precision_recall(label, probability),
        "reliability": reliability(label, probability),
    }


def gain(predictions: pd.DataFrame, contender: str, shares: Sequence[float] = SHARES) -> Curve:
    """Return, for each share of the accounts called, which shares of all positives and of all value are among them.

    Points are `share`, `captured` (called by probability) and `captured_value` (value really lost or won, called by
    expected value; None where there was none). The share is called at each as_of, and the catch summed over as_ofs, as
    in the metrics lift_10 and value_captured_10; half a row catches half of what it holds.
    """
    label = predictions["label"].to_numpy(np.float64)
    realised = predictions["realised"].to_numpy(np.float64)
    if not label.sum():
        return []
    lists = list(predictions.groupby("as_of", sort=True).indices.values())
    by_probability = predictions[PROBABILITY.format(contender)].to_numpy(np.float64)
    by_value = predictions[EXPECTED_VALUE.format(contender)].to_numpy(np.float64)
    asked = np.asarray(shares, float)
    captured = sum(_caught(by_probability[rows], label[rows], asked) for rows in lists) / label.sum()
    value = [None] * len(asked)
    if realised.sum() > 0:
        caught = sum(_caught(by_value[rows], realised[rows], asked) for rows in lists)
        value = [float(part) for part in caught / realised.sum()]
    return [
        {"share": float(share), "captured": float(part), "captured_value": worth}
        for share, part, worth in zip(asked, captured, value, strict=True)
    ]


def lift(gained: Sequence[Mapping[str, float | None]]) -> list[tuple[float, float]]:
    """Return (share, share of positives captured over share called) of a gain curve; 1 is chance."""
    return [
        (float(point["share"]), float(point["captured"]) / float(point["share"]))
        for point in gained
        if point["share"] and point["captured"] is not None
    ]


def precision_recall(label: Floats, probability: Floats, points: int = POINTS) -> Curve:
    """Return the precision and recall of calling all rows above a threshold, as recall rises; [] without positives.

    Rows that tie pass a threshold together. With many thresholds, those are kept that first reach each
    `points`-th of the positives.
    """
    positives = label.sum()
    if not positives:
        return []
    size, found = _groups(probability, label)
    recall = np.cumsum(found) / positives
    precision = np.cumsum(found) / np.cumsum(size)
    kept = np.flatnonzero(found)  # a threshold that finds no further positive only costs precision
    if len(kept) > points:
        kept = np.unique(np.searchsorted(recall, np.arange(1, points + 1) / points - 1e-12))
    return [{"recall": float(recall[at]), "precision": float(precision[at])} for at in kept]


def reliability(label: Floats, probability: Floats, bins: int = BINS) -> Curve:
    """Return, in bins of about equal counts, the mean probability and the share of positives observed.

    Points are `low` and `high` (lowest and highest probability in the bin), `n`, `predicted`, `observed`, and
    `observed_low` and `observed_high`, the 95 % Wilson interval; it takes rows as independent, so it is a little narrow
    where an account stands at several as_ofs. Equal probabilities share a bin.
    """
    size, found = _groups(probability, label)
    level = np.unique(probability)[::-1]
    stop = np.cumsum(size)
    # A group of ties goes where its middle row would.
    place = np.floor((stop - size / 2) / len(label) * min(bins, len(label))).astype(int)
    made: Curve = []
    for bin_ in np.unique(place)[::-1]:
        inside = place == bin_
        n, positives = int(size[inside].sum()), int(found[inside].sum())
        low, high = wilson(positives, n)
        made.append(
            {
                "low": float(level[inside].min()),
                "high": float(level[inside].max()),
                "n": n,
                "predicted": float((level[inside] * size[inside]).sum() / n),
                "observed": positives / n,
                "observed_low": low,
                "observed_high": high,
            }
        )
    return made


def _groups(score: Floats, amount: Floats) -> tuple[Floats, Floats]:
    """Return how many rows have each distinct score, highest first, and the sum of `amount` over them."""
    _, place = np.unique(-score, return_inverse=True)
    return np.bincount(place).astype(np.float64), np.bincount(place, weights=amount).astype(np.float64)


def _caught(score: Floats, amount: Floats, shares: Floats) -> Floats:
    """Return the sum of `amount` over the highest scores, for each share of the rows."""
    size, found = _groups(score, amount)
    # Within a group of ties the expected catch grows evenly, which is what a straight line says.
    return np.interp(shares * len(score), np.r_[0.0, np.cumsum(size)], np.r_[0.0, np.cumsum(found)])
