"""Measures of time spans: the gaps between an account's days, how long things took, and how old the oldest is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from features.evaluation import Evaluation, Reads, divide, reads_of
from features.selection import Floats, lowest_by_account
from features.where import ANY, Where
from pipeline.asof import DAY, MISSING
from pipeline.contract_lines import sum_by_account


@dataclass(frozen=True)
class Gaps:
    """Mean, standard deviation (of the population) or longest of the days between an account's consecutive days.

    NaN with fewer than two days; the deviation of a single gap is NaN too.
    """

    table: str
    how: Literal["mean", "deviation", "longest"]
    where: Where = ANY

    @property
    def reads(self) -> Reads:
        return reads_of(self.table, self.where)

    @property
    def reach(self) -> None:
        return None

    def compute(self, evaluation: Evaluation) -> Floats:
        account, gap = evaluation.select(self.table, self.where).gaps
        count = np.bincount(account, minlength=evaluation.accounts)
        if self.how == "longest":
            lowest = lowest_by_account(account, -gap, evaluation.accounts)
            return np.where(count > 0, -lowest.astype(np.float64), np.nan)
        total = sum_by_account(account, gap, evaluation.accounts)
        if self.how == "mean":
            return divide(total.astype(np.float64), count.astype(np.float64))
        squares = sum_by_account(account, gap * gap, evaluation.accounts)
        # In whole numbers up to the square root: no cancellation between large squares.
        spread = np.sqrt((count * squares - total * total).astype(np.float64))
        return np.where(count > 1, divide(spread, count.astype(np.float64)), np.nan)


@dataclass(frozen=True)
class Elapsed:
    """Mean days from one instant of a row to another, over rows of the window that have both; NaN without one.

    `whole` counts from date to date, otherwise fractions count.
    """

    table: str
    start: str
    end: str
    where: Where = ANY
    window: int | None = None
    whole: bool = False

    @property
    def reads(self) -> Reads:
        return (*reads_of(self.table, self.where, self.start), (self.table, self.end))

    @property
    def reach(self) -> int | None:
        return self.window

    def compute(self, evaluation: Evaluation) -> Floats:
        if self.window is not None and not evaluation.observable(self.table, self.window):
            return evaluation.unknown()
        rows = evaluation.select(self.table, self.where)
        start, end = rows.column(self.start), rows.column(self.end)
        counted = (start != MISSING) & (end != MISSING)
        if self.window is not None:
            counted &= rows.occurred >= evaluation.at - self.window * DAY
        account, start, end = rows.account[counted], start[counted], end[counted]
        between = (end // DAY - start // DAY) if self.whole else end - start
        total = sum_by_account(account, between, evaluation.accounts).astype(np.float64)
        count = np.bincount(account, minlength=evaluation.accounts).astype(np.float64)
        return divide(total if self.whole else total / DAY, count)


@dataclass(frozen=True)
class Oldest:
    """Days since the earliest instant in a column of the rows; NaN without one."""

    table: str
    column: str
    where: Where = ANY

    @property
    def reads(self) -> Reads:
        return reads_of(self.table, self.where, self.column)

    @property
    def reach(self) -> None:
        return None

    def compute(self, evaluation: Evaluation) -> Floats:
        rows = evaluation.select(self.table, self.where)
        values = rows.column(self.column)
        filled = values != MISSING
        lowest = lowest_by_account(rows.account[filled], values[filled], evaluation.accounts)
        days = (evaluation.at // DAY - lowest // DAY).astype(np.float64)
        return np.where(lowest == MISSING, np.nan, days)
