"""How the rows of a cohort are spread, as whole counts that add up over buckets in any order."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STEP = 0.05
"""Width of a bin of scores in log-odds; what is estimated from them changes by less than a thousandth."""

REACH = 10.0
"""Log-odds beyond this share the outermost bins."""

BINS = round(2 * REACH / STEP)

ENOUGH = 50_000
"""Accounts whose features are counted, by their ids; more would not change what is found."""


@dataclass(frozen=True)
class Sketch:
    """Counts of rows: per feature by bin, the last being unknown; of scores by BINS of log-odds.

    `rows` have their features counted; the scores are those of all rows.
    """

    rows: int
    features: tuple[Ints, ...]
    scores: Ints

    def __add__(self, other: Sketch) -> Sketch:
        both = zip(self.features, other.features, strict=True)
        return Sketch(self.rows + other.rows, tuple(a + b for a, b in both), self.scores + other.scores)

    def plain(self) -> dict[str, Any]:
        """Return it for JSON; `read` opens it again."""
        return {"rows": self.rows, "features": [each.tolist() for each in self.features], "scores": packed(self.scores)}

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Sketch:
        features = tuple(np.asarray(each, np.int64) for each in plain["features"])
        return cls(int(plain["rows"]), features, unpacked(plain["scores"]))


def sketch_rows(matrix: Floats, edges: Sequence[Floats], probability: Floats) -> Sketch:
    """Return the sketch of rows: `matrix` has a column per feature, `edges` its inner edges, ascending."""
    counted = tuple(count(matrix[:, position], each) for position, each in enumerate(edges))
    return Sketch(len(matrix), counted, score_counts(probability))


def count(values: Floats, edges: Floats, weight: Floats | None = None) -> NDArray[Any]:
    """Return how many values lie below the first edge, from each edge up to the next, and, last, are NaN."""
    place = np.searchsorted(edges, values, side="right")
    place[np.isnan(values)] = len(edges) + 1
    return np.bincount(place, weight, minlength=len(edges) + 2)


def score_counts(probability: Floats) -> Ints:
    """Return how many probabilities lie in each bin of log-odds; those that are not scored (NaN) are left out."""
    kept = np.clip(probability[~np.isnan(probability)], 1e-12, 1 - 1e-12)
    place = np.floor((np.log(kept / (1 - kept)) + REACH) / STEP)
    return np.bincount(np.clip(place, 0, BINS - 1).astype(np.int64), minlength=BINS)


def score_middles() -> Floats:
    """Return the log-odds at the middle of each bin of scores."""
    return np.asarray(-REACH + STEP * (np.arange(BINS) + 0.5), np.float64)


def packed(counts: Ints) -> list[list[int]]:
    """Return the bins that are not empty as [bin, count]."""
    return [[int(place), int(counts[place])] for place in np.flatnonzero(counts)]


def unpacked(pairs: Sequence[Sequence[int]]) -> Ints:
    counts = np.zeros(BINS, np.int64)
    for place, number in pairs:
        counts[place] = number
    return counts


def counted(accounts: NDArray[Any], every: int) -> NDArray[np.bool_]:
    """Return which accounts' features are counted where one in `every` is, by their ids alone."""
    if every == 1:
        return np.ones(len(accounts), bool)
    return np.array([zlib.crc32(str(account).encode()) % every == 0 for account in accounts], dtype=bool)
