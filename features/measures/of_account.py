"""How long an account has been with us, and its attributes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.computing.evaluation import AllHistory, Evaluation, Reads
from features.computing.selection import Floats
from features.measures.recency import Since
from pipeline.asof import DAY, MISSING
from pipeline.tables import ACCOUNTS, HOLDINGS, INTERACTIONS, INVOICES, SCALE, SUBSCRIPTIONS

_EVENTS = (INTERACTIONS.name, INVOICES.name, SUBSCRIPTIONS.name, HOLDINGS.name)


@dataclass(frozen=True)
class Opened(AllHistory):
    """Days since `opened_at`, or since its last anniversary (every 365 days); NaN when empty or not yet."""

    anniversary: bool = False

    @property
    def reads(self) -> Reads:
        return ((ACCOUNTS.name, "opened_at"),)

    def compute(self, evaluation: Evaluation) -> Floats:
        days = evaluation.unknown()
        for date, view in enumerate(evaluation.views):
            rows = view.tables[ACCOUNTS.name]
            opened = rows.columns["opened_at"]
            some = (opened != MISSING) & (opened < view.at)
            age = view.at // DAY - opened[some] // DAY
            days[date, rows.account[some]] = age % 365 if self.anniversary else age
        return days


@dataclass(frozen=True)
class Observed(AllHistory):
    """Days since the account's first row in any table of events; NaN without one."""

    @property
    def reads(self) -> Reads:
        return ()

    def compute(self, evaluation: Evaluation) -> Floats:
        observed = evaluation.unknown()
        for table in _EVENTS:
            if table in evaluation.tables:
                observed = np.fmax(observed, evaluation.value(Since(table, "first")))
        return observed


@dataclass(frozen=True)
class Attribute(AllHistory):
    """An attribute of the account as text, None where empty."""

    column: str

    @property
    def reads(self) -> Reads:
        return ((ACCOUNTS.name, self.column),)

    def compute(self, evaluation: Evaluation) -> NDArray[np.object_]:
        found = np.full(evaluation.shape, None, dtype=object)
        for date, view in enumerate(evaluation.views):
            rows = view.tables[ACCOUNTS.name]
            values = rows.columns.get(self.column, np.full(len(rows), MISSING))
            some = values != MISSING
            texts = rows.categories.get(self.column)
            if texts is None:
                found[date, rows.account[some]] = [f"{value / SCALE:g}" for value in values[some]]
            else:
                found[date, rows.account[some]] = np.array(texts, dtype=object)[values[some]]
        return found
