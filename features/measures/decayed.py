"""Sums over all history in which what lies further back weighs less."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.computing import passes
from features.computing.evaluation import Evaluation, Reads, reads_of
from features.computing.selection import Floats, filled
from features.measures.windowed import How
from features.where import ANY, Where
from pipeline.tables import SCALE


@dataclass(frozen=True)
class Decayed:
    """Sum over all history of rows, days or a column, each weighted by `2 ** (-age / half_life)`, age in whole days.

    "count", "days" or "sum"; 0 without any row. Rows are added in their order, so the same rows give the same bits.
    """

    table: str
    how: How
    half_life: int
    column: str = ""
    where: Where = ANY

    @property
    def reads(self) -> Reads:
        return reads_of(self.table, self.where, self.column)

    @property
    def reach(self) -> None:
        return None

    def compute(self, evaluation: Evaluation) -> Floats:
        rows = evaluation.select(self.table, self.where, *filter(None, [self.column]))
        ages = np.arange(rows.as_ofs[-1] - rows.day.min(initial=rows.as_ofs[-1]) + 1)
        weights = np.exp2(-ages / self.half_life)
        scale = 1.0
        if self.how == "sum":
            values, scale = filled(rows.column(self.column)), float(SCALE)
        elif self.how == "days":
            values = rows.new_day.astype(np.int64)
        else:
            values = np.ones(len(rows.day), dtype=np.int64)
        sums = np.zeros(evaluation.shape)
        passes.decayed(*rows.strands, rows.day, rows.as_ofs, weights, values, scale, sums)
        return sums
