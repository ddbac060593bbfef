"""Measures of time spans: the gaps between an account's days, how long things took, and how old the oldest is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from features.computing import passes
from features.computing.evaluation import AllHistory, Evaluation, Reads, divide, reads_of
from features.computing.selection import ALWAYS, Floats
from features.where import ANY, Where, filled
from pipeline.asof import DAY, MISSING
from pipeline.history import Ints


@dataclass(frozen=True)
class Gaps(AllHistory):
    """Mean, standard deviation (of the population) or longest of the days between an account's consecutive days.

    NaN with fewer than two days; the deviation of a single gap is NaN too.
    """

    table: str
    how: Literal["mean", "deviation", "longest"]
    where: Where = ANY

    @property
    def reads(self) -> Reads:
        return reads_of(self.table, self.where)

    def compute(self, evaluation: Evaluation) -> Floats:
        count, total, squares, longest = evaluation.select(self.table, self.where).gaps
        if self.how == "longest":
            return np.where(count > 0, longest, np.nan)
        if self.how == "mean":
            return divide(total.astype(np.float64), count.astype(np.float64))
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
        both = self.where & filled(self.start) & filled(self.end)
        rows = evaluation.select(self.table, both)
        old = ALWAYS if self.window is None else self.window

        def between() -> Ints:
            start, end = rows.column(self.start), rows.column(self.end)
            return (end // DAY - start // DAY) if self.whole else end - start

        name = f"{self.start} to {self.end}" + (" in whole days" if self.whole else "")
        total = rows.total(name, between, old).astype(np.float64)
        count = (rows.end - rows.edge(old)).astype(np.float64)
        mean = divide(total if self.whole else total / DAY, count)
        return evaluation.where_observable(mean, self.table, self.window)


@dataclass(frozen=True)
class Oldest(AllHistory):
    """Days since the earliest instant in a column of the rows; NaN without one."""

    table: str
    column: str
    where: Where = ANY

    @property
    def reads(self) -> Reads:
        return reads_of(self.table, self.where, self.column)

    def compute(self, evaluation: Evaluation) -> Floats:
        rows = evaluation.select(self.table, self.where & filled(self.column))
        lowest = np.full(evaluation.shape, MISSING)
        passes.lowest(*rows.strands, rows.column(self.column), lowest)
        return np.where(lowest == MISSING, np.nan, evaluation.days[:, None] - lowest // DAY)
