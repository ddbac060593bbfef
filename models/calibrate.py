"""Calibration on margins of later dates: a strictly increasing map of two parameters, and what was observed per band.

Platt (1999), "Probabilistic outputs for support vector machines": log-odds = intercept + slope x margin.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from models.clusters import effective_rows
from pipeline.likelihood import LEVEL_LIMITS, LIMITS

Floats = NDArray[np.float64]

LEAST_SLOPE = 0.05
"""Margins that tell nothing on later dates, or the wrong way round, are flattened to this, never turned over."""

ROWS_PER_BAND = 100


@dataclass(frozen=True)
class Calibration:
    """log-odds = `intercept` + `slope` x margin, with slope > 0; `rows` is how many later rows it was fitted on."""

    kind: str
    slope: float = 1.0
    intercept: float = 0.0
    rows: int = 0
    note: str = ""

    def probability(self, margin: Floats) -> Floats:
        return expit(self.intercept + self.slope * margin)


def identity(note: str) -> Calibration:
    """Return the map that changes nothing, with the reason why it was not fitted."""
    return Calibration("identity", note=note)


def fit_platt(margin: Floats, label: NDArray[Any], weight: Floats | None = None) -> Calibration:
    """Return the map of maximum likelihood whose slope is at least LEAST_SLOPE.

    `margin` and `label` (0 or 1, both present) come from dates after those the margins' models were trained on;
    `weight` is how many rows each row counts for (None: itself).
    """
    spread = float(margin.std())
    if spread < 1e-9:
        return _flat(margin, label, weight)
    # A trace of a penalty, which keeps the slope finite where the margins separate the labels.
    model = LogisticRegression(C=1e4, solver="newton-cholesky", max_iter=200, tol=1e-8)
    model.fit(((margin - margin.mean()) / spread)[:, None], label, sample_weight=weight)
    slope = float(model.coef_[0, 0]) / spread
    if slope < LEAST_SLOPE:
        return _flat(margin, label, weight)
    return Calibration("platt", slope, float(model.intercept_[0]) - slope * float(margin.mean()), len(label))


def _flat(margin: Floats, label: NDArray[Any], weight: Floats | None) -> Calibration:
    """Return the map of slope LEAST_SLOPE whose mean probability is the observed rate."""

    def mean(values: NDArray[Any]) -> float:
        return float(np.mean(values) if weight is None else np.average(values, weights=weight))

    rate = mean(label)

    def excess(intercept: float) -> float:
        return mean(expit(intercept + LEAST_SLOPE * margin)) - rate

    wide = 50 + LEAST_SLOPE * float(np.abs(margin).max())
    note = "the margins tell next to nothing on later dates"
    return Calibration("platt", LEAST_SLOPE, float(brentq(excess, -wide, wide)), len(label), note)


PARTS, ROWS_PER_PART = 5, 200
"""A band with many rows is cut into so many parts at most, of so many rows each at least."""


def bands(
    probability: Floats,
    label: NDArray[Any],
    weights: tuple[float, float] | None = None,
    accounts: NDArray[Any] | None = None,
) -> list[dict[str, float | int]]:
    """Return bands that cover (0, 1], ascending: low, high, n and positives, and with `accounts` effective.

    A probability p belongs to the band with low < p <= high. Bands end where the words for a probability change
    (`pipeline.likelihood.LIMITS`), so that a rate was always observed for the words it stands beside. Those with fewer
    than ROWS_PER_BAND rows are joined with a neighbour of the same word (low, medium, high), never with one of another;
    those with many are cut into parts of about equally many rows, so that a list's rows, which lie at the upper end of
    a band, are not judged by the mass below them.

    `weights` says how many rows a row with label 0 and one with label 1 count for, where the rows are a sample (None:
    each counts for itself). Then n and positives are those of a plain count that shows the rate of the rows stood for
    as surely as the sample does; see `_as_sure`.

    `accounts` says whose each row is: `effective` is then how many rows of accounts that stand once would show the rate
    as surely (see `models.clusters`).
    """
    edges = [0.0, *LIMITS, 1.0]
    place = np.searchsorted(LIMITS, probability, side="left")
    made: list[dict[str, float | int]] = [
        {"low": low, "high": high, "n": int((place == band).sum()), "positives": int(label[place == band].sum())}
        for band, (low, high) in enumerate(pairwise(edges))
    ]
    while (left := _next_join(made)) is not None:
        first, second = made[left : left + 2]
        made[left : left + 2] = [
            {
                "low": first["low"],
                "high": second["high"],
                "n": first["n"] + second["n"],
                "positives": first["positives"] + second["positives"],
            }
        ]
    found = [part for band in made for part in _parts(band, probability, label)]
    shares = [1.0] * len(found) if accounts is None else [_share(band, probability, label, accounts) for band in found]
    if weights is not None:
        found = [{**band, **_as_sure(band, *weights)} for band in found]
    if accounts is not None:
        found = [{**band, "effective": round(share * band["n"], 1)} for band, share in zip(found, shares, strict=True)]
    return found


def _share(band: dict[str, float | int], probability: Floats, label: NDArray[Any], accounts: NDArray[Any]) -> float:
    """Return which share of a band's rows would tell as much, did each account stand once."""
    inside = (probability > band["low"]) & (probability <= band["high"])
    return effective_rows(label[inside], accounts[inside]) / max(1, int(inside.sum()))


def _as_sure(band: dict[str, float | int], other: float, positive: float) -> dict[str, int]:
    """Return the n and positives of a plain count whose rate, and the variance of its log-odds, are a sample's.

    Log-odds of a sample by label vary by 1 / positives + 1 / others whatever the weights (Woolf 1955); those of n
    plain rows at the rate p by 1 / (n p (1 - p)).
    """
    positives = int(band["positives"])
    others = int(band["n"]) - positives
    if not positives or not others:
        return {"n": positives + others, "positives": positives}
    rate = positives * positive / (positives * positive + others * other)
    rows = 1 / ((1 / positives + 1 / others) * rate * (1 - rate))
    return {"n": round(rows), "positives": round(rows * rate)}


def _parts(band: dict[str, float | int], probability: Floats, label: NDArray[Any]) -> Iterator[dict[str, float | int]]:
    inside = (probability > band["low"]) & (probability <= band["high"])
    parts = max(1, min(PARTS, int(band["n"]) // ROWS_PER_PART))
    shares = np.arange(1, parts) / parts
    cuts = np.unique(np.round(np.quantile(probability[inside], shares, method="lower"), 3)) if len(shares) else []
    edges = [band["low"], *(float(cut) for cut in cuts if band["low"] < cut < band["high"]), band["high"]]
    for low, high in pairwise(edges):
        part = (probability > low) & (probability <= high)
        yield {"low": low, "high": high, "n": int(part.sum()), "positives": int(label[part].sum())}


def _next_join(made: list[dict[str, float | int]]) -> int | None:
    """Return the left one of the next two bands to join: of one word, one of them too small, the fewest rows."""
    pairs = [
        (first["n"] + second["n"], left)
        for left, (first, second) in enumerate(pairwise(made))
        if min(first["n"], second["n"]) < ROWS_PER_BAND and first["high"] not in LEVEL_LIMITS
    ]
    return min(pairs)[1] if pairs else None
