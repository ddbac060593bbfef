"""How concentrated an account's rows are: the share of the largest group among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from features.computing import passes
from features.computing.evaluation import Evaluation, Reads, divide, reads_of
from features.computing.selection import Floats
from features.where import ANY, Where, filled


@dataclass(frozen=True)
class TopShare:
    """The largest value of `by` over all its values, by rows ("count") or by a column's sum, in the window.

    Rows without `by`, and for a sum without the column, are left out. 1 is a single value; NaN without rows. `where`
    must leave sums positive only.
    """

    table: str
    how: Literal["count", "sum"]
    by: str
    column: str = ""
    where: Where = ANY
    window: int = 365

    @property
    def reads(self) -> Reads:
        return (*reads_of(self.table, self.where, self.column), (self.table, self.by))

    @property
    def reach(self) -> int:
        return self.window

    def compute(self, evaluation: Evaluation) -> Floats:
        where = self.where & filled(self.by)
        rows = evaluation.select(self.table, where & filled(self.column) if self.column else where)
        values = rows.column(self.column) if self.column else np.ones(len(rows.day), dtype=np.int64)
        top, total = rows.zeros(), rows.zeros()
        passes.largest(
            *rows.strands, rows.day, rows.as_ofs, *rows.numbered(self.by), values, self.window, top, total
        )  # fmt: skip
        share = divide(top.astype(np.float64), total.astype(np.float64))
        return evaluation.where_observable(share, self.table, self.window)
