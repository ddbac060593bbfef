"""Who of an account's people is heard of: the main one, those lost, those new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from features.computing import people
from features.computing.evaluation import AllHistory, Evaluation, Reads, reads_of
from features.computing.selection import Floats
from features.where import ANY, Where, filled
from pipeline.asof import MISSING

Who = Literal["main_silent", "since_main", "lost", "new"]

_WHO: tuple[Who, ...] = ("main_silent", "since_main", "lost", "new")


@dataclass(frozen=True)
class People(AllHistory):
    """A figure of the different values of `by`, as people, among an account's rows.

    The main one has most rows in the last `window` days, of several the one heard of last: days since it was
    ("main_silent"), rows of others since then ("since_main"); NaN without rows in the window. "lost" are those with a
    row in `[as_of - window, as_of - lately)` and none since, "new" those whose first row of all came since; both NaN
    where the table does not reach back `window` days.
    """

    table: str
    by: str
    who: Who
    where: Where = ANY
    window: int = 365
    lately: int = 90

    @property
    def reads(self) -> Reads:
        return (*reads_of(self.table, self.where), (self.table, self.by))

    def compute(self, evaluation: Evaluation) -> Floats:
        every = evaluation.value(_Everybody(self.table, self.by, self.where, self.window, self.lately))
        return every[_WHO.index(self.who)]


@dataclass(frozen=True)
class _Everybody(AllHistory):
    """All figures of People at once: of shape (figures, dates, accounts)."""

    table: str
    by: str
    where: Where
    window: int
    lately: int

    @property
    def reads(self) -> Reads:
        return (*reads_of(self.table, self.where), (self.table, self.by))

    def compute(self, evaluation: Evaluation) -> Floats:
        rows = evaluation.select(self.table, self.where & filled(self.by))
        main = np.full(evaluation.shape, MISSING)
        others, lost, new = (rows.zeros() for _ in range(3))
        numbers, places = rows.numbered(self.by)
        room = np.empty((3, len(places)), dtype=np.int64)
        people.people(
            *rows.strands, rows.day, rows.as_ofs, numbers, room, self.window, self.lately, main, others, lost, new
        )
        some = main != MISSING
        silent = np.where(some, evaluation.days[:, None] - main, np.nan)
        counted = [
            evaluation.where_observable(each.astype(np.float64), self.table, self.window) for each in (lost, new)
        ]
        return np.stack([silent, np.where(some, others, np.nan), *counted])
