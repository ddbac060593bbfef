"""Which topics a model looks at: the mean size of their contributions over a sample of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.spec import Feature
from models.manifest import FittedModel, check_features

ROWS = 300
"""Rows looked at: TreeSHAP is slow, and a share needs no more."""


def importance(
    model: FittedModel,
    features: Sequence[Feature],
    frame: pd.DataFrame,
    rows: int = ROWS,
    weight: NDArray[np.float64] | None = None,
) -> list[Any]:
    """Return `{"topic", "share"}` for every topic, the largest share first; shares add up to 1, ties go by name.

    A topic's contribution to a row is the sum over its features of their exact TreeSHAP values on the log-odds scale
    (Lundberg et al. 2020); its importance is the mean of the absolute contribution over at most `rows` of `frame` (the
    features' columns), evenly spread. `weight` is how many rows each row of `frame` counts for; None: itself.
    [] where nothing contributes.
    """
    check_features(model.manifest, features)
    picked = np.unique(np.linspace(0, len(frame) - 1, min(rows, len(frame))).astype(int))
    shares = model.scorer.contributions(model.encode(frame.iloc[picked]))
    topics: dict[str, list[int]] = {}
    for position, feature in enumerate(features):
        topics.setdefault(feature.topic, []).append(position)
    moved = {topic: np.abs(shares[:, members].sum(axis=1)) for topic, members in topics.items()}
    if weight is None:
        size = {topic: float(each.mean()) for topic, each in moved.items()}
    else:
        size = {topic: float(np.average(each, weights=weight[picked])) for topic, each in moved.items()}
    total = sum(size.values())
    if not total:
        return []
    return [{"topic": topic, "share": size[topic] / total} for topic in sorted(size, key=lambda t: (-size[t], t))]
