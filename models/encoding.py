"""Rows to learn from as numbers: categories become codes, and each feature's typical value is written down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.spec import Feature
from models.dataset import Dataset
from models.rows import Encoded
from models.scorer import FIRST_CODE, category_codes
from pipeline.errors import ModelError

Floats = NDArray[np.float64]

FEWEST_IN_CATEGORY = 20
"""Rarer categories share the code of those never seen."""


def encode(data: Dataset, features: Sequence[Feature]) -> tuple[list[dict[str, Any]], Encoded]:
    """Return the manifest's description of each feature, and the rows as numbers.

    Where the data lie in one matrix already, they are not copied: texts' codes are written into it.
    """
    names = [feature.name for feature in features]
    found = [str(column) for column in data.features.columns]
    if found != names:
        raise ModelError(
            f"the dataset's {len(found)} feature columns are not the {len(names)} features given, in their order; "
            "build it with the same features."
        )
    matrix = np.empty((len(data), len(names))) if data.matrix is None else data.matrix
    weight = data.weight
    described: list[dict[str, Any]] = []
    categories: dict[str, int] = {}
    for position, feature in enumerate(features):
        values = data.features[feature.name].to_numpy()
        description: dict[str, Any] = {
            "name": feature.name, "family": feature.family, "topic": feature.topic, "unit": feature.unit,
            "type": "number",
        }  # fmt: skip
        if feature.unit == "category":
            texts = pd.Series(values).dropna().astype(str).value_counts()
            common = sorted(texts[texts >= FEWEST_IN_CATEGORY].index)
            codes = {text: FIRST_CODE + code for code, text in enumerate(common)}
            matrix[:, position] = category_codes(values, codes)
            categories[feature.name] = len(common)
            if weight is not None:
                texts = pd.Series(weight).groupby(pd.Series(values)).sum()
            description |= {"type": "category", "categories": common, "typical": _most_common(texts)}
        else:
            if data.matrix is None:
                matrix[:, position] = values.astype(float)
            present = ~np.isnan(matrix[:, position])
            known = matrix[present, position]
            if np.isinf(known).any():
                raise ModelError(f"feature '{feature.name}' holds infinite values; its declaration divides by zero")
            description["typical"] = _median(known, None if weight is None else weight[present])
        described.append(description)
    label = data.rows["label"].to_numpy().astype(np.int8)
    return described, Encoded(matrix, label, tuple(names), categories, weight, _waited(data))


def _waited(data: Dataset) -> Floats | None:
    """Return the share of the window that passed in silence; None unless every row knows it and its label says so."""
    if "waited" not in data.rows.columns:
        return None
    waited = data.rows["waited"].to_numpy(float)
    agrees = np.array_equal(waited == 1, data.rows["label"].to_numpy() == 1)
    return waited if agrees and not np.isnan(waited).any() else None


def _most_common(texts: pd.Series[Any]) -> str | None:
    """Return the text that counts most, of those that tie the first in the alphabet; None where there is none."""
    return min(texts[texts == texts.max()].index) if len(texts) else None


def _median(values: Floats, weight: Floats | None) -> float | None:
    """Return the median of the rows that these stand for; None where there is none."""
    if not len(values):
        return None
    if weight is None:
        return float(np.median(values))
    order = np.argsort(values, kind="stable")
    passed = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(passed, passed[-1] / 2)])
