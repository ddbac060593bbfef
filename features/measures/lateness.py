"""How late the newest invoice was paid, or is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.computing.evaluation import AllHistory, Evaluation, Reads, reads_of
from features.computing.selection import Floats, Selection
from features.where import Where, blank, filled, past
from pipeline.asof import DAY
from pipeline.history import Ints


@dataclass(frozen=True)
class Lateness(AllHistory):
    """Days from the due date to payment of the newest row that has been paid or is overdue; NaN without one.

    Negative where it was paid before that date; of a row still to be paid, the days it is overdue so far. `where` says
    which rows are bills; the newest is the one issued last.
    """

    table: str
    where: Where

    @property
    def reads(self) -> Reads:
        return (*reads_of(self.table, self.where, "due_at"), (self.table, "paid_at"))

    def compute(self, evaluation: Evaluation) -> Floats:
        paid = evaluation.select(self.table, self.where & filled("paid_at") & filled("due_at"))
        owed = evaluation.select(self.table, self.where & blank("paid_at") & past("due_at"))
        late, paid_issued = _newest(paid, paid.column("paid_at") // DAY - paid.column("due_at") // DAY)
        due, owed_issued = _newest(owed, owed.column("due_at") // DAY)
        overdue = evaluation.days[:, None] - due
        newer = np.isnan(paid_issued) | (owed_issued >= paid_issued)
        return np.where(newer, overdue, late)


def _newest(rows: Selection, values: Ints) -> tuple[Floats, Floats]:
    """Return the value of the last row per date and account, and the instant it occurred; NaN without one."""
    if not len(rows.day):
        return np.full(rows.shape, np.nan), np.full(rows.shape, np.nan)
    some, last = rows.end > rows.start, rows.end - 1
    value, occurred = (np.where(some, each.take(last, mode="clip"), np.nan) for each in (values, rows.occurred))
    return value, occurred
