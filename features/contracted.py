"""Measures of contract lines in force, and of products held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from features.evaluation import Evaluation, Reads, divide
from features.selection import Floats, lowest_by_account
from pipeline.asof import DAY, MISSING
from pipeline.contract_lines import LineVersions, sum_by_account
from pipeline.history import Flags, Ints
from pipeline.tables import HOLDINGS, SCALE, SUBSCRIPTIONS

_COLUMN = {
    "mrr": "mrr",
    "seats": "seats",
    "products": "product",
    "days_to_renewal": "renews_at",
    "days_to_notice": "notice_by",
    "auto_renew": "auto_renew",
    "under_notice": "ended_at",
}
LineFigure = Literal[
    "mrr", "seats", "lines", "products", "days_to_renewal", "days_to_notice", "auto_renew", "under_notice", "age"
]


@dataclass(frozen=True)
class Contracted:
    """A figure of the contract lines in force `back` days before as_of, as known at as_of.

    "mrr" and "seats" are sums, "lines" and "products" counts (0 without a line). "auto_renew" is the share of lines
    that say yes, "under_notice" the MRR of lines whose end is known. Days run to the nearest date that has not passed,
    and "age" from the start of the oldest line in force; NaN without one.
    """

    figure: LineFigure
    back: int = 0

    @property
    def reads(self) -> Reads:
        return ((SUBSCRIPTIONS.name, _COLUMN.get(self.figure, "started_at")),)

    @property
    def reach(self) -> None:
        return None

    def compute(self, evaluation: Evaluation) -> Floats:
        if self.back and not evaluation.observable(SUBSCRIPTIONS.name, self.back):
            return evaluation.unknown()
        lines = evaluation.lines
        at = evaluation.at - self.back * DAY
        if self.figure in ("mrr", "seats"):
            return lines.total(self.figure, evaluation.accounts, at) / SCALE
        held = lines.in_force(at)
        if self.figure == "lines":
            return _sum(lines, held, evaluation)
        if self.figure == "age":
            began = lines.start[np.searchsorted(lines.line, lines.line)]  # the start of the line's first version
            return _days_to_lowest(lines, held, began, evaluation, at)
        return self._of_column(evaluation, lines, held, at)

    def _of_column(self, evaluation: Evaluation, lines: LineVersions, held: Flags, at: int) -> Floats:
        column = lines.rows.columns[_COLUMN[self.figure]]
        filled = held & (column != MISSING)
        if self.figure == "products":
            return _pairs(lines.rows.account, column, filled, evaluation.accounts)
        if self.figure == "under_notice":
            mrr = lines.rows.columns["mrr"]
            return _sum(lines, np.where(filled & (mrr != MISSING), mrr, 0), evaluation) / SCALE
        if self.figure == "auto_renew":
            return divide(_sum(lines, np.where(filled, column, 0), evaluation), _sum(lines, filled, evaluation))
        return _days_to_lowest(lines, filled & (column >= at), column, evaluation, at)


def _days_to_lowest(lines: LineVersions, held: Flags, instants: Ints, evaluation: Evaluation, at: int) -> Floats:
    """Return the days between `at` and the account's earliest instant, NaN without one."""
    lowest = lowest_by_account(lines.rows.account[held], instants[held], evaluation.accounts)
    return np.where(lowest == MISSING, np.nan, np.abs(lowest // DAY - at // DAY).astype(np.float64))


@dataclass(frozen=True)
class Held:
    """How many different products the `holdings` table shows as held: started, and not known to have ended."""

    @property
    def reads(self) -> Reads:
        return ((HOLDINGS.name, "product"),)

    @property
    def reach(self) -> None:
        return None

    def compute(self, evaluation: Evaluation) -> Floats:
        rows = evaluation.select(HOLDINGS.name)
        ended = rows.column("ended_at") if rows.has("ended_at") else np.full(len(rows.account), MISSING)
        product = rows.column("product")
        held = (product != MISSING) & ((ended == MISSING) | (ended > evaluation.at))
        return _pairs(rows.account, product, held, evaluation.accounts)


def _sum(lines: LineVersions, values: Ints | Flags, evaluation: Evaluation) -> Floats:
    total = sum_by_account(lines.rows.account, values.astype(np.int64), evaluation.accounts)
    return total.astype(np.float64)


def _pairs(account: Ints, product: Ints, held: Flags, accounts: int) -> Floats:
    """Return per account how many different products are held."""
    pairs = np.unique(np.stack((account[held], product[held])), axis=1)
    return np.bincount(pairs[0], minlength=accounts).astype(np.float64)
