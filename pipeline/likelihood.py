"""How likely, in words, and how often it came true: the rate observed among accounts that were scored alike."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from pipeline.errors import ModelError

Z_95 = 1.959963984540054
"""The standard normal quantile of a two-sided 95 % interval."""


def wilson(successes: float, n: float, z: float = Z_95) -> tuple[float, float]:
    """Return the low and high end of the score interval of a proportion, (0, 1) when nothing was observed.

    Counts need not be whole: `n` may be an effective number of rows.

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


LIMITS = (0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95)
"""Where one phrase for a probability ends and the next begins; a phrase holds its upper limit.

A model's bands of observed rates are cut at these limits (`models.calibrate.bands`) and never reach from one word into
another: the same words always stand beside the same rate, observed among accounts of the same word.
"""

LEVEL_LIMITS = (0.05, 0.25, 0.55, 0.85)
"""The limits at which the word itself changes: very low, low, medium, high, very high."""

FEWEST_OBSERVED = 30
"""Accounts without which a band says nothing about the next one."""

_LEVELS = {
    "en": ("Very low", "Low", "Medium", "High", "Very high"),
    "da": ("Meget lav", "Lav", "Middel", "Høj", "Meget høj"),
}
_NUMBERS = {
    "en": ("at most 1 in 20", "about {tenths} in 10", "more than 19 in 20"),
    "da": ("højst 1 ud af 20", "ca. {tenths} ud af 10", "mere end 19 ud af 20"),
}


def in_words(probability: float, language: str = "en") -> str:
    """Return the model's probability as people say it.

    >>> in_words(0.72), in_words(0.03), in_words(0.72, "da")
    ('High, about 7 in 10', 'Very low, at most 1 in 20', 'Høj, ca. 7 ud af 10')
    """
    level = _LEVELS[language][bisect_left(LEVEL_LIMITS, probability)]
    least, about, most = _NUMBERS[language]
    tenths = bisect_left(LIMITS, probability)
    number = least if tenths == 0 else most if tenths == len(LIMITS) else about.format(tenths=tenths)
    return f"{level}, {number}"


def with_observed(rows: pd.DataFrame, bands: Sequence[Mapping[str, Any]], language: str = "en") -> pd.DataFrame:
    """Return the rows with band, observed_rate, observed_low and observed_high.

    `band` is the model's probability in words, in the language given. `bands` are the model's out-of-time accounts
    grouped by probability: each has low, high, n and positives, and holds probabilities in `(low, high]`, the first one
    `[low, high]`. The rate is positives / n with the 95 % interval of
    `band_interval`; it is blank for a probability in no band, or
    in one of fewer than FEWEST_OBSERVED accounts. Rows without a probability have neither words nor rate. Raises
    ModelError for bands that overlap or are out of order.
    """
    ordered = _checked(bands)
    probability = rows["probability"].to_numpy("float64", na_value=np.nan)
    observed = np.full((len(rows), 3), np.nan)
    for number, band in enumerate(ordered):
        inside = (probability <= band["high"]) & (
            (probability > band["low"]) | (number == 0) & (probability == band["low"])
        )
        if band["n"] >= FEWEST_OBSERVED:
            observed[inside] = (band["positives"] / band["n"], *band_interval(band))
    words = [None if np.isnan(value) else in_words(value, language) for value in probability]
    return rows.assign(
        band=pd.Series(words, index=rows.index, dtype=object),
        observed_rate=observed[:, 0],
        observed_low=observed[:, 1],
        observed_high=observed[:, 2],
    )


def band_interval(band: Mapping[str, Any], z: float = Z_95) -> tuple[float, float]:
    """Return the Wilson interval of a band's rate, of as many rows as are `effective` where the band says it.

    Rows of one account at several dates tell less than as many accounts (see `models.clusters`).
    """
    n, positives = band["n"], band["positives"]
    if "effective" not in band or not 0 <= positives <= n or not n:
        return wilson(positives, n, z)
    effective = max(1.0, band["effective"])
    # Whole rates stay whole: rounding must not leave the ends a hair beyond 0 or 1.
    return wilson(effective if positives == n else positives / n * effective, effective, z)


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
