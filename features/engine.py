"""The one engine that turns declared features into a table: training calls it with many dates, scoring with one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.computing.evaluation import Evaluation
from features.spec import Fact, Feature
from pipeline.history import History


def build_features(history: History, as_ofs: Sequence[date], features: Sequence[Feature | Fact]) -> pd.DataFrame:
    """Return the features of every account seen at each as_of.

    One row per as_of and account with any visible row, sorted by as_of then account_id: `account_id` (str), `as_of`
    (datetime64[us], midnight UTC), then a column per feature in the order given: float64 with NaN for unknown, object
    with None for attributes. Money is in currency units.
    """
    days = sorted(set(as_ofs))
    if not days:
        return _frame(features, pd.Series([], dtype="str"), np.empty(0, "datetime64[us]"), lambda _: np.empty(0))
    evaluation = Evaluation(history, days)
    seen = evaluation.seen
    ids = np.broadcast_to(evaluation.ids, seen.shape)[seen]
    dates = np.repeat(np.array(days, dtype="datetime64[us]"), seen.sum(axis=1))
    everybody = bool(seen.all())

    def column(feature: Feature | Fact) -> NDArray[Any]:
        values = evaluation.value(feature.measure)
        return values.reshape(-1) if everybody else values[seen]

    return _frame(features, pd.Series(ids, dtype="str"), dates, column)


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
