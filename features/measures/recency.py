"""How long ago the last or first row was, and what is booked ahead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from features.computing.evaluation import AllHistory, Evaluation, Reads, reads_of
from features.computing.selection import Floats
from features.where import ANY, Where


@dataclass(frozen=True)
class Since(AllHistory):
    """Days since the last (or first) row occurred; NaN without one."""

    table: str
    which: Literal["last", "first"] = "last"
    where: Where = ANY

    @property
    def reads(self) -> Reads:
        return reads_of(self.table, self.where)

    def compute(self, evaluation: Evaluation) -> Floats:
        rows = evaluation.select(self.table, self.where)
        if not len(rows.day):
            return evaluation.unknown()
        position = rows.end - 1 if self.which == "last" else rows.start
        age = evaluation.days[:, None] - rows.day.take(position, mode="clip")
        return np.where(rows.end > rows.start, age, np.nan)


@dataclass(frozen=True)
class Until:
    """Bookings: how many rows are yet to occur (0 without any), or the days until the next one (NaN without)."""

    table: str
    how: Literal["count", "next"]
    where: Where = ANY

    @property
    def reads(self) -> Reads:
        return reads_of(self.table, self.where)

    @property
    def reach(self) -> int:
        return 0

    def compute(self, evaluation: Evaluation) -> Floats:
        count, nearest = evaluation.ahead(self.table, self.where)
        if self.how == "count":
            return count.astype(np.float64)
        return np.where(count > 0, nearest - evaluation.days[:, None], np.nan)
