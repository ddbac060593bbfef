"""The one engine that turns declared features into a table: training calls it with many dates, scoring with one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.evaluation import Evaluation
from features.spec import Fact, Feature
from pipeline.history import History


def build_features(history: History, as_ofs: Sequence[date], features: Sequence[Feature | Fact]) -> pd.DataFrame:
    """Return the features of every account seen at each as_of.

    One row per as_of and account with any visible row, sorted by as_of then account_id: `account_id` (str), `as_of`
    (datetime64[us], midnight UTC), then a column per feature in the order given: float64 with NaN for unknown, object
    with None for attributes. Money is in currency units.
    """
    days = sorted(set(as_ofs))
    accounts: list[NDArray[Any]] = []
    values: dict[str, list[NDArray[Any]]] = {feature.name: [] for feature in features}
    for day in days:
        evaluation = Evaluation(history.upto(day))
        seen = evaluation.view.seen
        accounts.append(evaluation.view.accounts[seen])
        for feature in features:
            values[feature.name].append(evaluation.value(feature.measure)[seen])
    columns: dict[str, Any] = {
        "account_id": pd.Series(_joined(accounts, object), dtype="str"),
        "as_of": np.repeat(np.array(days, dtype="datetime64[us]"), [len(ids) for ids in accounts]),
    }
    for feature in features:
        if feature.unit == "category":
            columns[feature.name] = pd.Series(_joined(values[feature.name], object), dtype=object)
        else:
            columns[feature.name] = _joined(values[feature.name], np.float64)
    return pd.DataFrame(columns)


def _joined(parts: list[NDArray[Any]], dtype: type) -> NDArray[Any]:
    return np.concatenate(parts).astype(dtype, copy=False) if parts else np.empty(0, dtype)
