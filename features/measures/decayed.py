"""Sums over all history in which what lies further back weighs less."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import cache

import numpy as np

from features.computing import passes
from features.computing.evaluation import AllHistory, Evaluation, Reads, reads_of
from features.computing.selection import Floats, filled
from features.measures.windowed import How
from features.where import ANY, Where
from pipeline.tables import SCALE


@dataclass(frozen=True)
class Decayed(AllHistory):
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

    def compute(self, evaluation: Evaluation) -> Floats:
        rows = evaluation.select(self.table, self.where, *filter(None, [self.column]))
        oldest = int(rows.as_ofs[-1] - rows.day.min(initial=rows.as_ofs[-1]))
        scale = 1.0
        if self.how == "sum":
            values, scale = filled(rows.column(self.column)), float(SCALE)
        elif self.how == "days":
            values = rows.new_day.astype(np.int64)
        else:
            values = np.ones(len(rows.day), dtype=np.int64)
        sums = np.zeros(evaluation.shape)
        passes.decayed(*rows.strands, rows.day, rows.as_ofs, weights(self.half_life, oldest), values, scale, sums)
        return sums


def weights(half_life: int, oldest: int) -> Floats:
    """Return `2 ** (-age / half_life)` for each age from 0 to `oldest`, in days.

    NumPy's exp2 ends in other bits where a processor has AVX-512 than where it has not, so it would not do here: the
    same rows must give the same bits on every worker of a cluster.
    """
    ages = np.arange(oldest + 1)
    return np.ldexp(_within(half_life)[ages % half_life], -(ages // half_life))


@cache
def _within(half_life: int) -> Floats:
    """Return the weights of ages below one half-life, correctly rounded."""
    with localcontext(prec=30):
        return np.array([float(Decimal(2) ** (Decimal(-age) / half_life)) for age in range(half_life)])
