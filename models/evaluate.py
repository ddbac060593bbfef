"""What contenders' predictions are worth: metrics with intervals by account, and paired differences.

All contenders are measured on the same rows and the same resamples, so that differences are paired.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.area import LEVEL, Area, area
from models.bootstrap import Floats, Interval, Resamples, interval
from models.metrics import METRICS, Ordered, Sample
from pipeline.errors import ModelError, nearest

PROBABILITY = "{}_probability"
EXPECTED_VALUE = "{}_expected_value"
"""Columns of a prediction frame, by contender."""


@dataclass(frozen=True)
class Evaluation:
    """Per contender and metric the figure and its replicates, all on the same resamples."""

    figures: Mapping[str, Mapping[str, float | None]]
    replicates: Mapping[str, Mapping[str, Floats]]
    areas: Mapping[str, Area] = field(default_factory=dict)
    """The AUC, whose interval comes from accounts' placements: replicates of few outcomes lie too close together."""

    def interval(self, contender: str, metric: str, level: float = LEVEL) -> Interval:
        """Return a figure with its interval, of this level for an AUC, and of 95 % for all others."""
        if metric == "auc" and contender in self.areas:
            return self.areas[contender].interval(level)
        return interval(self.figures[contender][metric], self.replicates[contender][metric])

    def difference(self, a: str, b: str, metric: str) -> Interval:
        """Return `a` minus `b`, paired: each replicate, or account, measures both."""
        if metric == "auc" and {a, b} <= self.areas.keys():
            return self.areas[a].minus(self.areas[b])
        first, second = self.figures[a][metric], self.figures[b][metric]
        value = None if first is None or second is None else first - second
        return interval(value, self.replicates[a][metric] - self.replicates[b][metric])

    def plain(self) -> dict[str, dict[str, dict[str, float | None]]]:
        """Return contender -> metric -> {"value", "low", "high"}."""
        return {
            contender: {metric: self.interval(contender, metric).plain() for metric in figures}
            for contender, figures in self.figures.items()
        }


def evaluate(
    predictions: pd.DataFrame,
    contenders: Sequence[str],
    *,
    capacity: int,
    replicates: int,
    seed: int = 0,
    metrics: Sequence[str] = tuple(METRICS),
) -> Evaluation:
    """Measure contenders on the same out-of-time rows.

    `predictions` has one row per account and as_of: account_id, as_of, label (0 or 1), realised (value really lost or
    won, currency units) and per contender `<name>_probability` and `<name>_expected_value`. Rows of several as_ofs are
    pooled: auc, average_precision, brier and ece over all rows, the others by a list per as_of, sums pooled. With a
    column `group` (of the accounts left out together) the AUC compares rows of the same group alone: others were scored
    by models that learnt from them. The AUC's interval is that of `models.area`, the others' are percentiles of an
    account bootstrap.

    Raises ModelError for no rows, a missing column, a probability outside [0, 1] or a value that is not finite.
    """
    _check(predictions, contenders)
    ids, account = np.unique(predictions["account_id"].to_numpy().astype(str), return_inverse=True)
    _, as_of = np.unique(predictions["as_of"].to_numpy(), return_inverse=True)
    work = []
    for contender in contenders:
        for order in dict.fromkeys(METRICS[name].order for name in metrics):
            positions, rows = _in_order(predictions, contender, order, account=account, as_of=as_of, capacity=capacity)
            names = [name for name in metrics if METRICS[name].order == order]
            work.append((contender, names, positions, rows))
    figures: dict[str, dict[str, float | None]] = {contender: dict.fromkeys(metrics) for contender in contenders}
    parts: dict[str, dict[str, list[Floats]]] = {c: {name: [] for name in metrics} for c in contenders}
    itself = np.ones((1, len(predictions)))
    for contender, names, _, rows in work:
        sample = Sample(rows, itself)
        for name in names:
            value = float(METRICS[name].measure(sample)[0])
            figures[contender][name] = None if np.isnan(value) else value
    for block in Resamples(ids[account], replicates, seed).blocks():
        for contender, names, positions, rows in work:
            sample = Sample(rows, block[:, positions])
            for name in names:
                parts[contender][name].append(METRICS[name].measure(sample))
    areas = _areas(predictions, contenders, account) if "auc" in metrics else {}
    for contender, found in areas.items():
        figures[contender]["auc"] = found.value
    gathered = {c: {name: np.concatenate(part) for name, part in by.items()} for c, by in parts.items()}
    return Evaluation(figures, gathered, areas)


def _areas(predictions: pd.DataFrame, contenders: Sequence[str], account: NDArray[np.intp]) -> dict[str, Area]:
    label = predictions["label"].to_numpy(np.float64)
    group = left_out_together(predictions)
    found = {
        c: area(label, predictions[PROBABILITY.format(c)].to_numpy(np.float64), account, group) for c in contenders
    }
    return {contender: made for contender, made in found.items() if made is not None}


def left_out_together(predictions: pd.DataFrame) -> NDArray[np.float64] | None:
    """Return which rows may be compared with each other: those scored by the same model; None for all of them.

    Folds of a larger book leave nobody out, and their rows are compared with each other.
    """
    return predictions["group"].fillna(-1).to_numpy(float) if "group" in predictions.columns else None


def paired_difference(
    predictions: pd.DataFrame, a: str, b: str, metric: str, *, replicates: int, seed: int = 0, capacity: int = 100
) -> Interval:
    """Return contender `a` minus contender `b` on one metric, with the interval of the paired account bootstrap."""
    measured = evaluate(
        predictions, (a, b), capacity=capacity, replicates=replicates, seed=seed, metrics=(metric,)
    )  # fmt: skip
    return measured.difference(a, b, metric)


def _in_order(
    predictions: pd.DataFrame,
    contender: str,
    order: str,
    *,
    account: NDArray[np.intp],
    as_of: NDArray[np.intp],
    capacity: int,
) -> tuple[NDArray[np.intp], Ordered]:
    probability = predictions[PROBABILITY.format(contender)].to_numpy(np.float64)
    best = probability
    if order == "lists by expected value":
        best = predictions[EXPECTED_VALUE.format(contender)].to_numpy(np.float64)
    listed = np.zeros_like(as_of) if order == "all by probability" else as_of
    positions = np.lexsort((as_of, account, -best, listed))
    starts = np.flatnonzero(np.diff(listed[positions], prepend=-1))
    stops = [*starts[1:], len(positions)]
    rows = Ordered(
        predictions["label"].to_numpy(np.float64)[positions],
        probability[positions],
        predictions["realised"].to_numpy(np.float64)[positions],
        tuple(slice(int(start), int(stop)) for start, stop in zip(starts, stops, strict=True)),
        capacity,
    )
    return positions, rows


def _check(predictions: pd.DataFrame, contenders: Sequence[str]) -> None:
    forms = (PROBABILITY, EXPECTED_VALUE)
    needed = ["account_id", "as_of", "label", "realised", *(form.format(c) for c in contenders for form in forms)]
    for column in needed:
        if column not in predictions.columns:
            raise ModelError(f"predictions lack the column '{column}'; {nearest(column, predictions.columns)}")
    if predictions.empty:
        raise ModelError("there are no out-of-time rows to evaluate on: the cohort is empty at every test date")
    if not predictions["label"].isin([0, 1]).all():
        raise ModelError("labels must be 0 or 1; leave rows without a label out before evaluating")
    for column in needed[3:]:
        values = predictions[column].to_numpy(np.float64)
        faulty = ~np.isfinite(values)
        if column.endswith("_probability"):
            faulty |= (values < 0) | (values > 1)
        if faulty.any():
            row = predictions.iloc[int(np.flatnonzero(faulty)[0])]
            raise ModelError(
                f"{column} must be a finite number{' in [0, 1]' if column.endswith('_probability') else ''}; "
                f"found {row[column]} for account {row['account_id']}. Check the contender that predicted it."
            )
