"""The one engine that turns declared features into a table: training calls it with many dates, scoring with one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.computing.evaluation import Evaluation
from features.computing.reference import Reference
from features.measures import PeersMean, parts
from features.spec import Fact, Feature
from pipeline.history import History


def build_features(
    history: History,
    as_ofs: Sequence[date],
    features: Sequence[Feature | Fact],
    references: Mapping[date, Reference] | None = None,
) -> pd.DataFrame:
    """Return the features of every account seen at each as_of.

    One row per as_of and account with any visible row, sorted by as_of then account_id: `account_id` (str), `as_of`
    (datetime64[us], midnight UTC), then a column per feature in the order given: float64 with NaN for unknown, object
    with None for attributes. Money is in currency units.

    `references` holds the whole book's figures at each as_of, for features that compare an account with its peers (see
    `peers_in`); ValueError where such a feature is asked for without them.
    """
    days = sorted(set(as_ofs))
    if not days:
        return _frame(features, pd.Series([], dtype="str"), np.empty(0, "datetime64[us]"), lambda _: np.empty(0))
    evaluation = Evaluation(history, days, references)
    seen = evaluation.seen
    ids = np.broadcast_to(evaluation.ids, seen.shape)[seen]
    dates = np.repeat(np.array(days, dtype="datetime64[us]"), seen.sum(axis=1))
    everybody = bool(seen.all())

    def column(feature: Feature | Fact) -> NDArray[Any]:
        values = evaluation.value(feature.measure)
        return values.reshape(-1) if everybody else values[seen]

    return _frame(features, pd.Series(ids, dtype="str"), dates, column)


def peers_in(features: Sequence[Feature | Fact]) -> tuple[PeersMean, ...]:
    """Return the means of peers that the features and the facts in their words look at, each once."""
    facts = [fact for feature in features if isinstance(feature, Feature) for fact in feature.facts]
    found = (part for each in (*features, *facts) for part in parts(each.measure) if isinstance(part, PeersMean))
    return tuple(dict.fromkeys(found))


def tally_peers(history: History, as_ofs: Sequence[date], means: Sequence[PeersMean]) -> dict[date, Reference]:
    """Return what the accounts of this history add to the book's figures at each as_of."""
    days = sorted(set(as_ofs))
    if not days:
        return {}
    evaluation = Evaluation(history, days)
    found = dict.fromkeys(days, Reference({}))
    for mean in means:
        for day, part in zip(days, mean.tally(evaluation), strict=True):
            found[day] = found[day].plus(part)
    return found


def _frame(
    features: Sequence[Feature | Fact],
    ids: pd.Series,
    dates: NDArray[Any],
    column: Callable[[Feature | Fact], NDArray[Any]],
) -> pd.DataFrame:
    columns: dict[str, Any] = {"account_id": ids, "as_of": dates}
    for feature in features:
        if feature.unit == "category":
            columns[feature.name] = pd.Series(column(feature), dtype=object)
        else:
            columns[feature.name] = column(feature).astype(np.float64, copy=False)
    return pd.DataFrame(columns, copy=False)
