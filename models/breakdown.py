"""A backtest by groups of accounts and by test date: how well each is told, and what was expected of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from models.area import area
from models.bootstrap import Interval
from models.evaluate import PROBABILITY, left_out_together
from models.groups import Grouping, groupings, is_small
from models.totals import Totals

REPLICATES = 300
"""Replicates at most of a group's totals: there are many groups, and their intervals are wide."""

NOT_SAID = Interval(None, None, None)


def by_group(predictions: pd.DataFrame, contender: str, replicates: int, seed: int, attributes: str) -> dict[str, Any]:
    """Return `attributes` (which day segment and country are of), `dimensions` (by and groups), and `too_small`: by
    what rows are not broken down, since every group is too small.

    A group has name, n (rows), accounts, positives, small (too small to say, see `models.groups`), auc (None where it
    is small), and number and value: expected, real and their ratio, over all test dates of `predictions`.
    """
    found = groupings(predictions)
    made = [grouping for grouping in found if grouping.names]
    if not made:
        return {}
    parts = np.column_stack([g.place == place for g in made for place in range(len(g.names))])
    totals = Totals.of(predictions, contender, parts, min(replicates, REPLICATES), seed)
    # Texts are slow to compare, and here they are compared for each group.
    accounts, label = pd.factorize(predictions["account_id"], sort=True)[0], predictions["label"].to_numpy()
    small = [is_small(accounts[inside], label[inside]) for inside in parts.T]
    probability = predictions[PROBABILITY.format(contender)].to_numpy(float)
    apart = left_out_together(predictions)
    groups = []
    for part, inside in enumerate(parts.T):
        groups.append(
            {
                "n": int(inside.sum()),
                "accounts": len(np.unique(accounts[inside])),
                "positives": int(label[inside].sum()),
                "small": small[part],
                "auc": _told(
                    label[inside],
                    probability[inside],
                    accounts[inside],
                    None if apart is None else apart[inside],
                    small[part],
                ).plain(),
                **totals.plain(part),
            }
        )
    too_small = [grouping.by for grouping in found if not grouping.names]
    return {"attributes": attributes, "dimensions": _dimensions(made, groups), "too_small": too_small}


def _told(
    label: np.ndarray, probability: np.ndarray, accounts: np.ndarray, apart: np.ndarray | None, small: bool
) -> Interval:
    """Return the AUC of a group's rows; its interval needs no resampling, of which there would be a lot."""
    found = None if small else area(label, probability, accounts, apart)
    return NOT_SAID if found is None else found.interval()


def _dimensions(made: list[Grouping], groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    dimensions, first = [], 0
    for grouping in made:
        own = groups[first : first + len(grouping.names)]
        first += len(grouping.names)
        named = [{"name": name} | group for name, group in zip(grouping.names, own, strict=True)]
        dimensions.append({"by": grouping.by, "groups": named})
    return dimensions


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
