"""How concentrated an account's rows are: the share of the largest group among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from features.evaluation import Evaluation, Reads, divide, reads_of
from features.selection import Floats
from features.where import ANY, Where
from pipeline.asof import DAY, MISSING
from pipeline.contract_lines import sum_by_account


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
    def reach(self) -> int | None:
        return self.window

    def compute(self, evaluation: Evaluation) -> Floats:
        if not evaluation.observable(self.table, self.window):
            return evaluation.unknown()
        rows = evaluation.select(self.table, self.where)
        by = rows.column(self.by)
        counted = (by != MISSING) & (rows.occurred >= evaluation.at - self.window * DAY)
        if self.column:
            counted &= rows.column(self.column) != MISSING
        account, by = rows.account[counted], by[counted]
        values = rows.column(self.column)[counted] if self.column else np.ones(len(by), dtype=np.int64)
        if not len(by):
            return evaluation.unknown()
        # By hashing, in one pass: sorting a year of rows would cost more than all other features of it.
        group, keys = pd.factorize(account * (by.max() + 1) + by)
        sums = np.zeros(len(keys), dtype=np.int64)
        np.add.at(sums, group, values)
        largest = np.zeros(evaluation.accounts, dtype=np.int64)
        np.maximum.at(largest, keys // (by.max() + 1), sums)
        total = sum_by_account(account, values, evaluation.accounts)
        return divide(largest.astype(np.float64), total.astype(np.float64))
