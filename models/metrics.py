"""The seven metrics, each over many weightings of the same rows at once: the sample itself, or a block of resamples.

The positive class is label 1: the account left (churn) or grew (upsell). Where a sample does not define a metric (an
AUC with one class only) the result is NaN, never a warning or a number that looks like a score. Weights are whole
numbers, one row of them per replicate: how often each row counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from models.bootstrap import Floats

BINS = 10
"""Equal-count bins of the calibration error."""


@dataclass(frozen=True)
class Ordered:
    """Rows of one contender in the order a metric reads them, best first; weights come in the same order."""

    label: Floats
    probability: Floats
    realised: Floats
    lists: tuple[slice, ...]
    """The rows of each list: one per as_of, or a single one."""
    capacity: int


@dataclass(frozen=True)
class Sample:
    """Rows and how often each counts: `weights` has shape (replicates, rows). Metrics share what it computes."""

    rows: Ordered
    weights: Floats

    @cached_property
    def by_value(self) -> tuple[Floats, Floats]:
        """How many positives and negatives there are at each distinct probability, highest first."""
        starts = np.flatnonzero(np.diff(self.rows.probability, prepend=np.inf))
        positive = self.weights * self.rows.label
        negative = self.weights - positive
        if len(starts) == len(self.rows.probability):
            return positive, negative
        return np.add.reduceat(positive, starts, axis=1), np.add.reduceat(negative, starts, axis=1)

    @cached_property
    def passed(self) -> Floats:
        """How many negatives have each distinct probability or a higher one."""
        return np.cumsum(self.by_value[1], axis=1)

    def listed(self, quantity: Floats, size: Callable[[Floats], Floats]) -> tuple[Floats, Floats]:
        """Return the sum of `quantity` over the first rows of each list, and how many rows those are."""
        summed, listed = np.zeros(len(self.weights)), np.zeros(len(self.weights))
        for part in self.rows.lists:
            copies = self.weights[:, part]
            take = size(copies.sum(axis=1))
            # The first rows of a list nearly always fill it; only they are counted through.
            lead = 2 * int(take.max()) + 1
            while (copies[:, :lead].sum(axis=1) < take).any():
                lead *= 2
            copies = copies[:, :lead]
            chosen = np.clip(take[:, None] - (np.cumsum(copies, axis=1) - copies), 0, copies)
            summed += chosen @ quantity[part][:lead]
            listed += take
        return summed, listed


def auc(sample: Sample) -> Floats:
    """Area under the ROC curve; higher is better, .5 is chance. A tie between the classes counts one half.

    Equals the Mann-Whitney statistic over its maximum (Hanley and McNeil 1982). Undefined with one class only.
    """
    positive, negative = sample.by_value
    below = sample.passed[:, -1:] - sample.passed + negative / 2
    pairs = positive.sum(axis=1) * sample.passed[:, -1]
    return _ratio(np.einsum("rg,rg->r", positive, below), pairs)


def average_precision(sample: Sample) -> Floats:
    """Sum over thresholds of precision x gain in recall; higher is better, the base rate is chance.

    Tied rows pass a threshold together, and nothing is interpolated, as in scikit-learn's average_precision_score.
    Undefined without positives.
    """
    positive, _ = sample.by_value
    found = np.cumsum(positive, axis=1)
    listed = found + sample.passed
    precision = np.divide(found, listed, out=np.zeros_like(found), where=listed > 0)
    return _ratio(np.einsum("rg,rg->r", positive, precision), found[:, -1])


def brier(sample: Sample) -> Floats:
    """Mean squared distance of probability and label (Brier 1950); lower is better. Order and ties play no part."""
    rows, weights = sample.rows, sample.weights
    return _ratio(weights @ (rows.probability - rows.label) ** 2, weights.sum(axis=1))


def ece(sample: Sample) -> Floats:
    """Expected calibration error in 10 equal-count bins; lower is better.

    Rows are ranked by probability and cut into bins whose sizes differ by one at most (as many bins as rows when those
    are fewer). The result is the mean over rows of |mean probability - share of positives| of the row's bin, after
    Naeini, Cooper and Hauskrecht 2015. Ties at a bin's edge are split by account id.
    """
    rows, weights = sample.rows, sample.weights
    counted = np.cumsum(weights, axis=1)
    excess = rows.probability - rows.label
    running = np.cumsum(weights * excess, axis=1)
    totals = counted[:, -1]
    errors = np.full(len(weights), np.nan)
    for replicate, total in enumerate(totals):
        bins = int(min(BINS, total))
        if bins == 0:
            continue
        edges = np.arange(1, bins + 1) * total // bins
        last = np.searchsorted(counted[replicate], edges)
        # A row drawn several times may straddle an edge: hand back the copies that lie beyond it.
        upto = running[replicate, last] - (counted[replicate, last] - edges) * excess[last]
        errors[replicate] = np.abs(np.diff(upto, prepend=0.0)).sum() / total
    return errors


def lift_10(sample: Sample) -> Floats:
    """Share of positives among the tenth with the highest probabilities, over their share among all; higher is better.

    ceil(n / 10) rows of each as_of are taken, ties by account id, and counts summed over as_ofs; 1 is chance.
    Undefined without positives.
    """
    rows, weights = sample.rows, sample.weights
    hits, listed = sample.listed(rows.label, _tenth)
    return _ratio(hits * weights.sum(axis=1), listed * (weights @ rows.label))


def precision_at_capacity(sample: Sample) -> Floats:
    """Share of positives among the `capacity` rows with the highest probabilities of each as_of; higher is better.

    Ties by account id; an as_of with fewer rows is taken whole; counts are summed over as_ofs.
    """
    rows = sample.rows
    hits, listed = sample.listed(rows.label, lambda total: np.minimum(total, rows.capacity))
    return _ratio(hits, listed)


def value_captured_10(sample: Sample) -> Floats:
    """Share of the value really lost or won that lies with the tenth highest by expected value; higher is better.

    Value really lost is the value at stake of rows with label 1, value really won their realised increment. Of each
    as_of ceil(n / 10) rows are taken, ties by account id, and both sums run over all as_ofs. Undefined where no value
    was lost or won.
    """
    captured, _ = sample.listed(sample.rows.realised, _tenth)
    return _ratio(captured, sample.weights @ sample.rows.realised)


@dataclass(frozen=True)
class Metric:
    """A metric: what it reads, in which order, and which way is good."""

    measure: Callable[[Sample], Floats]
    order: Literal["all by probability", "lists by probability", "lists by expected value"]
    higher_is_better: bool = True


METRICS: Mapping[str, Metric] = {
    "auc": Metric(auc, "all by probability"),
    "average_precision": Metric(average_precision, "all by probability"),
    "brier": Metric(brier, "all by probability", higher_is_better=False),
    "ece": Metric(ece, "all by probability", higher_is_better=False),
    "lift_10": Metric(lift_10, "lists by probability"),
    "precision_at_capacity": Metric(precision_at_capacity, "lists by probability"),
    "value_captured_10": Metric(value_captured_10, "lists by expected value"),
}


def _tenth(total: Floats) -> Floats:
    return np.ceil(total / 10)


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
