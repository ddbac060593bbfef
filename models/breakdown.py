"""A backtest by groups of accounts and by test date: how well each is told, and what was expected of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from models.bootstrap import Floats, Interval, Resamples, interval
from models.evaluate import PROBABILITY
from models.groups import Grouping, groupings, is_small
from models.metrics import Ordered, Sample, auc
from models.totals import Totals

REPLICATES = 400
"""Replicates at most for groups: there are many of them, and their intervals are wide."""


def by_group(predictions: pd.DataFrame, contender: str, replicates: int, seed: int, attributes: str) -> dict[str, Any]:
    """Return `attributes` (which day segment and country are of) and `dimensions`: by and groups.

    A group has name, n (rows), accounts, positives, auc (None in a group too small to say, see `models.groups`), and
    number and value: expected, real and their ratio, over all test dates of `predictions`.
    """
    made = groupings(predictions)
    if not made:
        return {}
    replicates = min(replicates, REPLICATES)
    parts = np.column_stack([g.place == place for g in made for place in range(len(g.names))])
    totals = Totals.of(predictions, contender, parts, replicates, seed)
    accounts, label = predictions["account_id"].to_numpy(), predictions["label"].to_numpy()
    small = [is_small(accounts[inside], label[inside]) for inside in parts.T]
    told = _aucs(predictions, contender, parts, ~np.array(small), replicates, seed)
    groups = []
    for part, inside in enumerate(parts.T):
        groups.append(
            {
                "n": int(inside.sum()),
                "accounts": len(np.unique(accounts[inside])),
                "positives": int(label[inside].sum()),
                "small": small[part],
                "auc": told[part].plain(),
                **totals.plain(part),
            }
        )
    return {"attributes": attributes, "dimensions": list(_dimensions(made, groups))}


def _dimensions(made: list[Grouping], groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    dimensions, first = [], 0
    for grouping in made:
        own = groups[first : first + len(grouping.names)]
        first += len(grouping.names)
        named = [{"name": name} | group for name, group in zip(grouping.names, own, strict=True)]
        dimensions.append({"by": grouping.by, "groups": named})
    return dimensions


def _aucs(
    predictions: pd.DataFrame, contender: str, parts: np.ndarray, wanted: np.ndarray, replicates: int, seed: int
) -> list[Interval]:
    """Return each part's AUC, all on the same resamples of accounts; None for those not wanted."""
    probability = predictions[PROBABILITY.format(contender)].to_numpy(float)
    label = predictions["label"].to_numpy(float)
    work: dict[int, tuple[np.ndarray, Ordered]] = {}
    for part in np.flatnonzero(wanted):
        inside = np.flatnonzero(parts[:, part])
        rows = inside[np.argsort(-probability[inside], kind="stable")]
        work[int(part)] = rows, Ordered(label[rows], probability[rows], label[rows], (slice(0, len(rows)),), 1)
    found: dict[int, list[Floats]] = {part: [] for part in work}
    for block in Resamples(predictions["account_id"].to_numpy(), replicates, seed).blocks():
        for part, (rows, ordered) in work.items():
            found[part].append(auc(Sample(ordered, block[:, rows])))
    told = [Interval(None, None, None)] * parts.shape[1]
    for part, (rows, ordered) in work.items():
        value = float(auc(Sample(ordered, np.ones((1, len(rows)))))[0])
        told[part] = interval(value, np.concatenate(found[part]))
    return told


def by_date(
    predictions: pd.DataFrame, contender: str, learnt: Mapping[str, float], replicates: int, seed: int
) -> dict[str, Any]:
    """Return `folds` and `pooled`, of each what was expected and what happened, in numbers and in money.

    `learnt` is the base rate in the rows that each test date's model learnt from, by the date as ISO text. Each fold
    has as_of, n, learnt, rate and predicted (the rate observed, and the mean probability), number and value.
    """
    stamps = np.sort(predictions["as_of"].unique())
    day = predictions["as_of"].to_numpy()
    parts = np.column_stack([*(day == stamp for stamp in stamps), np.ones(len(day), bool)])
    totals = Totals.of(predictions, contender, parts, replicates, seed)
    folds = [
        {
            "n": int(parts[:, part].sum()),
            "rate": totals.rate(part),
            "predicted": totals.rate(part, "expected_number"),
            **totals.plain(part),
        }
        for part in range(parts.shape[1])
    ]
    days = [pd.Timestamp(stamp).date().isoformat() for stamp in stamps]
    weights = parts[:, :-1].sum(axis=0)
    pooled = folds.pop() | {"learnt": float(np.average([learnt[text] for text in days], weights=weights))}
    return {
        "folds": [{"as_of": text, "learnt": learnt[text]} | fold for text, fold in zip(days, folds, strict=True)],
        "pooled": pooled,
    }
