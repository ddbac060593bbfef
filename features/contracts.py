"""What is contracted now, how it moved as we know it today, and which dates come next. Also products held.

Discounts are left out: the contract tables carry no list price to compare with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from features.evaluation import Evaluation, Reads, divide
from features.measures import Combined, Since
from features.selection import Floats, lowest_by_account
from features.spec import Declaration, Derived
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


_MRR, _SEATS = Contracted("mrr"), Contracted("seats")
_PRICE = Combined("ratio", _MRR, _SEATS)
_NO_LINE = "no contract line in force"


def _change(name: str, now: Contracted, subject: str, window: int, topic: str = "") -> Derived:
    before = Contracted(now.figure, window)
    return Derived(
        f"{name}_change_{window}d",
        Combined("change", now, before),
        f"{subject} {{value}} now than {window} days ago",
        unit="change",
        family="contract",
        window=window,
        unknown=f"no {name} {window} days ago to compare with",
        topic=topic,
    )


DECLARATIONS: tuple[Declaration, ...] = (
    Derived("mrr", _MRR, "{value} MRR", unit="money", family="contract", empty=0.0),
    *(_change("mrr", _MRR, "MRR", window) for window in (30, 90, 180, 365)),
    Derived("seats", _SEATS, "{value} seat{s}", unit="count", family="contract", empty=0.0, topic="seats"),
    *(_change("seats", _SEATS, "seats", window, "seats") for window in (90, 365)),
    Derived("mrr_per_seat", _PRICE, "{value} MRR a seat", unit="money", family="contract", unknown="no seats"),
    Derived(
        "mrr_per_seat_change_365d",
        Combined("change", _PRICE, Combined("ratio", Contracted("mrr", 365), Contracted("seats", 365))),
        "MRR a seat {value} now than 365 days ago",
        unit="change",
        family="contract",
        window=365,
        unknown="no seats 365 days ago to compare with",
    ),
    Derived("lines", Contracted("lines"), "{value} contract line{s}", unit="count", family="contract", empty=0.0),
    Derived(
        "lines_change_365d",
        Combined("difference", Contracted("lines"), Contracted("lines", 365)),
        "contract lines against 365 days ago: {value}",
        family="contract",
        window=365,
        unknown="contracts do not reach back 365 days",
    ),
    Derived(
        "products",
        Contracted("products"),
        "{value} product{s} subscribed to",
        "count",
        family="breadth",
        empty=0.0,
        topic="products",
    ),
    Derived("holdings", Held(), "{value} product{s} held", unit="count", family="breadth", empty=0.0),
    Derived(
        "days_to_renewal",
        Contracted("days_to_renewal"),
        "{value} day{s} to the next renewal",
        unit="days",
        family="contract",
        unknown="no renewal date ahead",
        topic="renewal",
    ),
    Derived(
        "days_to_notice",
        Contracted("days_to_notice"),
        "{value} day{s} left to give notice",
        unit="days",
        family="contract",
        unknown="no notice date ahead",
        topic="renewal",
    ),
    Derived(
        "auto_renew_share",
        Contracted("auto_renew"),
        "{value} of the contract lines renew by themselves",
        unit="share",
        family="contract",
        topic="renewal",
        unknown=_NO_LINE,
    ),
    Derived(
        "mrr_under_notice",
        Contracted("under_notice"),
        "{value} MRR with a known end",
        unit="money",
        family="contract",
        empty=0.0,
    ),
    Derived(
        "oldest_line_days",
        Contracted("age"),
        "{value} day{s} since the oldest contract line began",
        unit="days",
        family="tenure",
        topic="tenure",
        unknown=_NO_LINE,
    ),
    Derived(
        "days_since_contract_change",
        Since(SUBSCRIPTIONS.name, "last"),
        "{value} day{s} since a contract line began or changed",
        unit="days",
        family="recency",
        unknown=_NO_LINE,
    ),
)
