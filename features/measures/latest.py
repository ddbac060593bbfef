"""What the latest answer was, and the one before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from features.computing import passes
from features.computing.evaluation import AllHistory, Evaluation, Reads, reads_of
from features.computing.selection import Floats
from features.where import ANY, Where, filled
from pipeline.history import Ints
from pipeline.tables import SCALE


@dataclass(frozen=True)
class Latest(AllHistory):
    """The mean of a column on the latest day that has one ("last"), on the latest day before that, or the change."""

    table: str
    column: str
    which: Literal["last", "before", "change"] = "last"
    where: Where = ANY

    @property
    def reads(self) -> Reads:
        return reads_of(self.table, self.where, self.column)

    def compute(self, evaluation: Evaluation) -> Floats:
        rows = evaluation.select(self.table, self.where & filled(self.column))
        last, last_count, before, before_count = (rows.zeros() for _ in range(4))
        values = rows.column(self.column)
        passes.latest(*rows.strands, rows.day, values, last, last_count, before, before_count)
        if self.which == "last":
            return _mean(last, last_count)
        if self.which == "before":
            return _mean(before, before_count)
        return _mean(last, last_count) - _mean(before, before_count)


def _mean(total: Ints, count: Ints) -> Floats:
    return np.divide(total / SCALE, count, out=np.full(count.shape, np.nan), where=count > 0)
