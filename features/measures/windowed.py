"""Counts, distinct days, sums, means and distinct values over windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from features.computing import passes
from features.computing.evaluation import Evaluation, Reads, divide, reads_of
from features.computing.selection import ALWAYS, Floats, filled
from features.where import ANY, Where
from pipeline.asof import MISSING
from pipeline.tables import SCALE

How = Literal["count", "days", "sum", "mean", "distinct"]


@dataclass(frozen=True)
class Windowed:
    """Counts, distinct days, sums, means or distinct values over `[as_of - back - window, as_of - back)`.

    Nulls of the column are left out. An empty window gives 0, for a mean NaN. `window` None: all history.
    """

    table: str
    how: How
    column: str = ""
    where: Where = ANY
    window: int | None = None
    back: int = 0
    scale: int = SCALE

    def __post_init__(self) -> None:
        if self.how == "distinct" and self.back:
            raise ValueError("distinct values are counted in windows that end at as_of, not before")

    @property
    def reads(self) -> Reads:
        return reads_of(self.table, self.where, self.column)

    @property
    def reach(self) -> int | None:
        return None if self.window is None else self.window + self.back

    def compute(self, evaluation: Evaluation) -> Floats:
        return evaluation.where_observable(self._figures(evaluation), self.table, self.reach)

    def _figures(self, evaluation: Evaluation) -> Floats:
        rows = evaluation.select(self.table, self.where, *filter(None, [self.column]))
        old, name = ALWAYS if self.reach is None else self.reach, self.column
        if self.how == "count":
            return (rows.edge(self.back) - rows.edge(old)).astype(np.float64)
        if self.how == "days":
            return rows.total("days", lambda: rows.new_day, old, self.back).astype(np.float64)
        if self.how == "distinct":
            count = rows.zeros()
            passes.distinct(*rows.strands, rows.day, rows.as_ofs, *rows.numbered(name), old, count)
            return count.astype(np.float64)
        total = rows.total(f"sum {name}", lambda: filled(rows.column(name)), old, self.back)
        sums = total / self.scale + 0.0  # no negative zero
        if self.how == "sum":
            return sums
        count = rows.total(f"filled {name}", lambda: rows.column(name) != MISSING, old, self.back)
        return divide(sums, count.astype(np.float64))
