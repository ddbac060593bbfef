"""Measures of contract lines in force, and of products held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from features.computing.evaluation import AllHistory, Evaluation, Reads, divide
from features.computing.selection import Floats
from pipeline.asof import DAY, MISSING
from pipeline.contract_lines import LineVersions, sum_by_account
from pipeline.history import Flags, Ints, View
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
    "mrr", "seats", "lines", "products", "days_to_renewal", "days_to_notice", "auto_renew", "under_notice", "age",
    "year",
]  # fmt: skip


@dataclass(frozen=True)
class Contracted(AllHistory):
    """A figure of the contract lines in force `back` days before as_of, as known at as_of.

    "mrr" and "seats" are sums, "lines" and "products" counts (0 without a line). "auto_renew" is the share of lines
    that say yes, "under_notice" the MRR of lines whose end is known. Days run to the nearest date that has not passed,
    "age" from the start of the oldest line in force, "year" from its last anniversary (every 365 days); NaN without
    one.
    """

    figure: LineFigure
    back: int = 0

    @property
    def reads(self) -> Reads:
        return ((SUBSCRIPTIONS.name, _COLUMN.get(self.figure, "started_at")),)

    def compute(self, evaluation: Evaluation) -> Floats:
        found = np.empty(evaluation.shape)
        for date, lines in enumerate(evaluation.lines):
            at = (int(evaluation.days[date]) - self.back) * DAY
            found[date] = self._at(lines, evaluation.accounts, at)
        return evaluation.where_observable(found, SUBSCRIPTIONS.name, self.back or None)

    def _at(self, lines: LineVersions, accounts: int, at: int) -> Floats:
        if self.figure in ("mrr", "seats"):
            return lines.total(self.figure, accounts, at) / SCALE
        held = lines.in_force(at)
        if self.figure == "lines":
            return _sum(lines, held, accounts)
        if self.figure in ("age", "year"):
            began = lines.start[np.searchsorted(lines.line, lines.line)]  # the start of the line's first version
            age = _days_to_lowest(lines, held, began, accounts, at)
            return age % 365 if self.figure == "year" else age
        return self._of_column(lines, held, accounts, at)

    def _of_column(self, lines: LineVersions, held: Flags, accounts: int, at: int) -> Floats:
        column = lines.rows.columns[_COLUMN[self.figure]]
        filled = held & (column != MISSING)
        if self.figure == "products":
            return _pairs(lines.rows.account, column, filled, accounts)
        if self.figure == "under_notice":
            mrr = lines.rows.columns["mrr"]
            return _sum(lines, np.where(filled & (mrr != MISSING), mrr, 0), accounts) / SCALE
        if self.figure == "auto_renew":
            return divide(_sum(lines, np.where(filled, column, 0), accounts), _sum(lines, filled, accounts))
        return _days_to_lowest(lines, filled & (column >= at), column, accounts, at)


@dataclass(frozen=True)
class Held(AllHistory):
    """How many different products the `holdings` table shows as held: started, and not known to have ended."""

    @property
    def reads(self) -> Reads:
        return ((HOLDINGS.name, "product"),)

    def compute(self, evaluation: Evaluation) -> Floats:
        return np.stack([self._in_view(view) for view in evaluation.views])

    def _in_view(self, view: View) -> Floats:
        rows = view.tables[HOLDINGS.name]
        product = rows.columns["product"]
        held = (product != MISSING) & (rows.occurred < view.at) & (rows.occurred != MISSING)
        if "ended_at" in rows:
            ended = rows.columns["ended_at"]
            held &= (ended == MISSING) | (ended > view.at)
        return _pairs(rows.account, product, held, len(view.accounts))


def _days_to_lowest(lines: LineVersions, held: Flags, instants: Ints, accounts: int, at: int) -> Floats:
    """Return the days between `at` and the account's earliest instant, NaN without one."""
    account, instants = lines.rows.account[held], instants[held]
    days = np.full(accounts, np.nan)
    if len(account):
        starts = np.flatnonzero(np.r_[True, account[1:] != account[:-1]])
        days[account[starts]] = np.abs(np.minimum.reduceat(instants, starts) // DAY - at // DAY)
    return days


def _sum(lines: LineVersions, values: Ints | Flags, accounts: int) -> Floats:
    total = sum_by_account(lines.rows.account, values.astype(np.int64), accounts)
    return total.astype(np.float64)


def _pairs(account: Ints, product: Ints, held: Flags, accounts: int) -> Floats:
    """Return per account how many different products are held."""
    pairs = np.unique(np.stack((account[held], product[held])), axis=1)
    return np.bincount(pairs[0], minlength=accounts).astype(np.float64)
