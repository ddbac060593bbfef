"""Which topics a model looks at: the mean size of their contributions over a sample of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from features.spec import Feature
from models.manifest import FittedModel, check_features

ROWS = 300
"""Rows looked at: TreeSHAP is slow, and a share needs no more."""


def importance(model: FittedModel, features: Sequence[Feature], frame: pd.DataFrame, rows: int = ROWS) -> list[Any]:
    """Return `{"topic", "share"}` for every topic, the largest share first; shares add up to 1, ties go by name.

    A topic's contribution to a row is the sum over its features of their exact TreeSHAP values on the log-odds scale
    (Lundberg et al. 2020); its importance is the mean of the absolute contribution over at most `rows` of `frame` (the
    features' columns), evenly spread. [] where nothing contributes.
    """
    check_features(model.manifest, features)
    picked = np.unique(np.linspace(0, len(frame) - 1, min(rows, len(frame))).astype(int))
    shares = model.scorer.contributions(model.encode(frame.iloc[picked]))
    topics: dict[str, list[int]] = {}
    for position, feature in enumerate(features):
        topics.setdefault(feature.topic, []).append(position)
    size = {topic: float(np.abs(shares[:, members].sum(axis=1)).mean()) for topic, members in topics.items()}
    total = sum(size.values())
    if not total:
        return []
    return [{"topic": topic, "share": size[topic] / total} for topic in sorted(size, key=lambda t: (-size[t], t))]
