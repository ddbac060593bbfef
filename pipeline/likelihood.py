"""How likely, in words, and how often it came true: the rate observed among accounts that were scored alike."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from pipeline.errors import ModelError

Z_95 = 1.959963984540054
"""The standard normal quantile of a two-sided 95 % interval."""


def wilson(successes: int, n: int, z: float = Z_95) -> tuple[float, float]:
    """Return the low and high end of the score interval of a proportion, (0, 1) when nothing was observed.

    Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22, 209-212.
    Raises ModelError unless 0 <= successes <= n.
    """
    if not 0 <= successes <= n:
        raise ModelError(f"a proportion needs 0 <= successes <= n; found {successes} of {n}")
    if n == 0:
        return 0.0, 1.0
    rate = successes / n
    middle = rate + z * z / (2 * n)
    spread = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    whole = 1 + z * z / n
    # The ends are exactly 0 and 1 there; rounding alone would leave them a hair off.
    low = 0.0 if successes == 0 else (middle - spread) / whole
    high = 1.0 if successes == n else (middle + spread) / whole
    return low, high


_LEVELS = ((0.05, "Very low"), (0.2, "Low"), (0.5, "Medium"), (0.8, "High"), (math.inf, "Very high"))


def in_words(probability: float) -> str:
    """Return a probability as people say it.

    >>> in_words(0.72), in_words(0.03)
    ('High, about 7 in 10', 'Very low, fewer than 1 in 20')
    """
    level = next(word for limit, word in _LEVELS if probability < limit)
    if probability < 0.05:
        return f"{level}, fewer than 1 in 20"
    if probability > 0.95:
        return f"{level}, more than 19 in 20"
    # Halves go up, and neither 0 nor 10 in 10 is claimed.
    tenths = min(9, max(1, math.floor(probability * 10 + 0.5)))
    return f"{level}, about {tenths} in 10"


def with_observed(rows: pd.DataFrame, bands: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the rows with band, observed_rate, observed_low and observed_high.

    `band` is the probability in words. `bands` are the model's out-of-time accounts grouped by probability: each has
    low, high, n and positives, and holds probabilities in `(low, high]`, the first one `[low, high]`. The rate is
    positives / n with its 95 % Wilson interval; it is blank for a probability in no band, or in an empty one. Rows
    without a probability have neither words nor rate. Raises ModelError for bands that overlap or are out of order.
    """
    ordered = _checked(bands)
    probability = rows["probability"].to_numpy("float64", na_value=np.nan)
    observed = np.full((len(rows), 3), np.nan)
    for number, band in enumerate(ordered):
        inside = (probability <= band["high"]) & (
            (probability > band["low"]) | (number == 0) & (probability == band["low"])
        )
        if band["n"] > 0:
            observed[inside] = (band["positives"] / band["n"], *wilson(band["positives"], band["n"]))
    words = [None if np.isnan(value) else in_words(value) for value in probability]
    return rows.assign(
        band=pd.Series(words, index=rows.index, dtype=object),
        observed_rate=observed[:, 0],
        observed_low=observed[:, 1],
        observed_high=observed[:, 2],
    )


def _checked(bands: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    ordered = list(bands)
    for band in ordered:
        if not 0 <= band["low"] < band["high"] <= 1:
            raise ModelError(
                f"a band of probabilities needs 0 <= low < high <= 1; found {band['low']} to {band['high']}"
            )
    for before, after in pairwise(ordered):
        if after["low"] < before["high"]:
            raise ModelError(
                f"bands of probabilities must follow one another; {after['low']} to {after['high']} comes after "
                f"{before['low']} to {before['high']}"
            )
    return ordered
