"""Measures over windows and over all history: counts, sums, recency, decayed sums, and two measures in one.

Windows are `[as_of - window, as_of)` by occurrence. One that reaches back before the first day of its table is empty
(NaN), not short. Days are whole days between UTC dates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from features.evaluation import Evaluation, Measure, Reads, divide, reads_of
from features.selection import Floats
from features.where import ANY, Where
from pipeline.asof import DAY, MISSING
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

    @property
    def reads(self) -> Reads:
        return reads_of(self.table, self.where, self.column)

    @property
    def reach(self) -> int | None:
        return None if self.window is None else self.window + self.back

    def compute(self, evaluation: Evaluation) -> Floats:
        if self.window is not None and not evaluation.observable(self.table, self.window + self.back):
            return evaluation.unknown()
        rows = evaluation.select(self.table, self.where)
        stop = evaluation.at - self.back * DAY
        first = rows.first if self.window is None else rows.since(stop - self.window * DAY)
        end = rows.since(stop) if self.back else rows.end
        if self.how == "count":
            return (end - first).astype(np.float64)
        if self.how in ("days", "distinct"):
            running = rows.running(self.how, self.column)
            return (running[end] - running[first]).astype(np.float64)
        running = rows.running("sum", self.column)
        total = (running[end] - running[first]) / self.scale + 0.0  # no negative zero
        if self.how == "sum":
            return total
        filled = rows.running("filled", self.column)
        return divide(total, (filled[end] - filled[first]).astype(np.float64))


@dataclass(frozen=True)
class Since:
    """Days since the last (or first) row occurred; NaN without one."""

    table: str
    which: Literal["last", "first"] = "last"
    where: Where = ANY

    @property
    def reads(self) -> Reads:
        return reads_of(self.table, self.where)

    @property
    def reach(self) -> None:
        return None

    def compute(self, evaluation: Evaluation) -> Floats:
        rows = evaluation.select(self.table, self.where)
        some = rows.end > rows.first
        position = rows.end[some] - 1 if self.which == "last" else rows.first[some]
        days = evaluation.unknown()
        days[some] = evaluation.at // DAY - rows.occurred[position] // DAY
        return days


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
        rows = evaluation.select(self.table, self.where, ahead=True)
        if self.how == "count":
            return (rows.end - rows.first).astype(np.float64)
        some = rows.end > rows.first
        days = evaluation.unknown()
        days[some] = rows.occurred[rows.first[some]] // DAY - evaluation.at // DAY
        return days


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
        rows = evaluation.select(self.table, self.where)
        age = evaluation.at // DAY - rows.occurred // DAY
        weight = np.exp2(-age / self.half_life)
        if self.how == "sum":
            values = rows.column(self.column)
            weight = weight * np.where(values == MISSING, 0, values) / SCALE
        elif self.how == "days":
            weight = np.where(rows.new_day, weight, 0.0)
        return np.bincount(rows.account, weights=weight, minlength=evaluation.accounts).astype(np.float64)


@dataclass(frozen=True)
class Latest:
    """The mean of a column on the latest day that has one ("last"), on the latest day before that, or the change."""

    table: str
    column: str
    which: Literal["last", "before", "change"] = "last"
    where: Where = ANY

    @property
    def reads(self) -> Reads:
        return reads_of(self.table, self.where, self.column)

    @property
    def reach(self) -> None:
        return None

    def compute(self, evaluation: Evaluation) -> Floats:
        every = evaluation.select(self.table, self.where)
        filled = every.column(self.column) != MISSING
        account, day = every.account[filled], every.occurred[filled] // DAY
        values = every.column(self.column)[filled]
        latest = evaluation.unknown()
        if not len(account):
            return latest
        starts = np.flatnonzero(np.r_[True, (day[1:] != day[:-1]) | (account[1:] != account[:-1])])
        count = np.diff(np.r_[starts, len(account)])
        mean = np.add.reduceat(values, starts) / SCALE / count
        owner = account[starts]
        last = np.r_[owner[1:] != owner[:-1], True]
        if self.which == "last":
            latest[owner[last]] = mean[last]
            return latest
        second = last & np.r_[False, owner[1:] == owner[:-1]]
        before = mean[np.flatnonzero(second) - 1]
        latest[owner[second]] = before if self.which == "before" else mean[second] - before
        return latest


@dataclass(frozen=True)
class Combined:
    """Two measures in one: "ratio" a / b, "change" a / b - 1, "difference" a - b, "monthly" 30 a / max(b, 30),
    "usual" times a / b.

    Ratio and change are NaN unless b is positive, usual unless b is at least `times`.
    """

    how: Literal["ratio", "change", "difference", "monthly", "usual"]
    a: Measure
    b: Measure
    times: float = 1.0
    """What a ratio, a monthly or a usual figure is multiplied by."""

    @property
    def reads(self) -> Reads:
        return tuple(dict.fromkeys((*self.a.reads, *self.b.reads)))

    @property
    def reach(self) -> int | None:
        a, b = self.a.reach, self.b.reach
        return None if a is None or b is None else max(a, b)

    def compute(self, evaluation: Evaluation) -> Floats:
        a, b = evaluation.value(self.a), evaluation.value(self.b)
        if self.how == "difference":
            return a - b
        if self.how == "monthly":
            return a * 30 / np.maximum(b, 30) * self.times
        if self.how == "usual":
            return divide(a * self.times, np.where(b >= self.times, b, 0))
        ratio = divide(a, b)
        return ratio * self.times if self.how == "ratio" else ratio - 1
