"""How good the scores of a date probably are, before anybody can know: from the calibrated probabilities alone.

Confidence-based performance estimation: where a probability is calibrated, it is the chance that the row's label is 1,
so every measure of a ranking has an expected value (Kivimaki, Bialek, Nurminen, Kuberski 2025, Confidence-based
Estimators for Predictive Performance in Model Monitoring, Journal of Artificial Intelligence Research 82,
arXiv:2407.08649; of measures by the confusion matrix Kivimaki, Bialek, Kuberski, Nurminen 2025, arXiv:2505.05295; the
method of NannyML's CBPE). It sees a change in whom the model scores; where the same accounts come to behave in another
way (concept drift) it sees nothing, and the realised figure will differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.drift.reference import Folds
from models.drift.sketch import score_middles

Floats = NDArray[np.float64]

DRAWS = 400
LEVEL = 0.90

MEASURES = ("auc", "average_precision", "lift_10", "precision_at_capacity", "brier", "positives")


@dataclass(frozen=True)
class Estimate:
    """Per measure of MEASURES the expected value and the interval of LEVEL; None where it is not defined.

    The interval covers what the labels of these rows may come to, and, where there was a backtest, how far calibration
    was off at its test dates; not concept drift.
    """

    rows: int
    figures: Mapping[str, tuple[float | None, float | None, float | None]]
    carried: bool
    """Whether the error of calibration is in the intervals."""
    why_not: str = ""
    """Why nothing is estimated; empty where it is."""

    def plain(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "level": LEVEL,
            "calibration_in_interval": self.carried,
            "why_not": self.why_not,
            **{name: dict(zip(("value", "low", "high"), figure, strict=True)) for name, figure in self.figures.items()},
        }


def not_estimated(scores: NDArray[np.int64]) -> Estimate:
    """Return the estimate for rows that a rule ranked: how many they are, and nothing of what they are worth."""
    return Estimate(int(scores.sum()), dict.fromkeys(MEASURES, (None, None, None)), False, "a rule ranked")


def estimate(scores: NDArray[np.int64], capacity: int, folds: Folds | None, seed: int = 0) -> Estimate:
    """Return the estimate for rows whose probabilities are counted by bin in `scores` (see models.drift.sketch).

    `capacity` is how many rows a team can work. Labels are drawn DRAWS times: first how far calibration is off on this
    date, then each bin's labels from its probabilities.
    """
    filled = np.flatnonzero(scores)[::-1]
    rows, margin = scores[filled].astype(float), score_middles()[filled]
    if not len(filled):
        return Estimate(0, dict.fromkeys(MEASURES, (None, None, None)), folds is not None)
    chance = _probability(margin)
    generator = np.random.default_rng(seed)
    off = np.zeros((DRAWS, 2)) if folds is None else generator.normal(0, [folds.shift, folds.slope], (DRAWS, 2))
    pivot = 0.0 if folds is None else folds.pivot
    # A spread of log-odds is a factor: drawn as one, it never turns the ranking round.
    wider = np.exp(off[:, 1:])
    drawn = _probability(pivot + off[:, :1] + wider * (margin - pivot))
    hits = generator.binomial(rows.astype(np.int64), drawn).astype(float)
    # Ranking and the Brier score are of the model's own probabilities, whatever the labels turn out to be.
    value = measured((rows * chance)[None], rows, chance, capacity, expected=True)
    spread = measured(hits, rows, chance, capacity)
    figures: dict[str, tuple[float | None, float | None, float | None]] = {}
    for name in MEASURES:
        middle, known = float(value[name][0]), spread[name][~np.isnan(spread[name])]
        if np.isnan(middle) or not len(known):
            figures[name] = (None, None, None)
            continue
        low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        figures[name] = (middle, float(min(low, middle)), float(max(high, middle)))
    return Estimate(int(rows.sum()), figures, folds is not None)


def measured(hits: Floats, rows: Floats, chance: Floats, capacity: int, *, expected: bool = False) -> dict[str, Floats]:
    """Return each measure of MEASURES for draws of labels: `hits` per draw and bin, of `rows`, the highest bin first.

    Rows of a bin tie. `expected` says that `hits` are expected ones; a row is then no pair with itself.
    """
    misses, total = rows - hits, float(rows.sum())
    positives, negatives = hits.sum(axis=1), misses.sum(axis=1)
    within = rows * chance * (1 - chance) if expected else np.zeros_like(rows)
    with np.errstate(invalid="ignore", divide="ignore"):
        # A bin's positives beat the negatives below it, and half of those in it.
        below = negatives[:, None] - np.cumsum(misses, axis=1)
        pairs = positives * negatives - within.sum()
        auc = ((hits * (below + misses / 2)).sum(axis=1) - within.sum() / 2) / pairs
        passed, found = np.cumsum(rows), np.cumsum(hits, axis=1)
        precision = (found - hits / 2) / (passed - rows / 2)
        average = (hits * precision).sum(axis=1) / positives
        return {
            "auc": np.where(pairs > 0, auc, np.nan),
            "average_precision": np.where(positives > 0, average, np.nan),
            "lift_10": first(hits, rows, np.ceil(total / 10)) / np.ceil(total / 10) / (positives / total),
            "precision_at_capacity": first(hits, rows, min(capacity, total)) / min(capacity, total),
            "brier": (hits * (1 - chance) ** 2 + misses * chance**2).sum(axis=1) / total,
            "positives": positives,
        }


def first(hits: Floats, rows: Floats, many: float) -> Floats:
    """Return how many hits the first `many` rows hold; of a bin that is cut, the share of its rows."""
    before = np.cumsum(rows) - rows
    share = np.clip((many - before) / rows, 0.0, 1.0)
    return np.asarray(hits @ share, np.float64)


def _probability(margin: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-margin)), np.float64)
