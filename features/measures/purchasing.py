"""Whether an account still buys, and how often it will, by how often and how lately it did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from features.computing import purchasing
from features.computing.evaluation import AllHistory, Evaluation, Reads, reads_of
from features.computing.selection import ALWAYS, Floats
from features.where import ANY, Where


@dataclass(frozen=True)
class Purchasing(AllHistory):
    """By the BG/NBD model with a fixed prior (see `features.computing.purchasing`), from the days that have rows.

    "alive": the probability in [0, 1] that the account still buys; "expected": on how many of the `ahead` days from
    as_of on it will. NaN without a row.
    """

    table: str
    where: Where = ANY
    figure: Literal["alive", "expected"] = "alive"
    ahead: int = 60

    @property
    def reads(self) -> Reads:
        return reads_of(self.table, self.where)

    def compute(self, evaluation: Evaluation) -> Floats:
        alive, expected = evaluation.value(_Both(self.table, self.where, self.ahead))
        return alive if self.figure == "alive" else expected


@dataclass(frozen=True)
class _Both(AllHistory):
    """Both figures at once: of shape (2, dates, accounts)."""

    table: str
    where: Where
    ahead: int

    @property
    def reads(self) -> Reads:
        return reads_of(self.table, self.where)

    def compute(self, evaluation: Evaluation) -> Floats:
        found = np.full((2, *evaluation.shape), np.nan)
        rows = evaluation.select(self.table, self.where)
        if not len(rows.day):
            return found
        days = rows.total("days", lambda: rows.new_day, ALWAYS)
        first, last = (rows.day.take(at, mode="clip").astype(np.int64) for at in (rows.start, rows.end - 1))
        age = evaluation.days[:, None] - first
        parts = (np.ascontiguousarray(part.reshape(-1)) for part in (days - 1, last - first, age))
        alive, expected = found.reshape(2, -1)
        purchasing.purchasing(*parts, float(self.ahead), alive, expected)
        return found
