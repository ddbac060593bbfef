"""Contract lines: which version of a line is in force when, and the recurring revenue that adds up to.

A line is a `subscription_id`, or where there is none an account's `product`. A version holds on
`[started_at, ended_at)`, and no longer than until the line's next version starts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.asof import MISSING, NEVER
from pipeline.history import Flags, Ints, Rows


def sum_by_account(account: Ints, values: Ints, accounts: int) -> Ints:
    """Return the sum of `values` per account, 0 where it has none: int64 of shape (accounts,).

    `account` ascends. The running sum may wrap around int64; the differences are exact all the same.
    """
    running = np.concatenate(([0], np.cumsum(values, dtype=np.int64)))
    bounds = np.searchsorted(account, np.arange(accounts + 1))
    return running[bounds[1:]] - running[bounds[:-1]]


@dataclass(frozen=True)
class LineVersions:
    """Versions of contract lines, sorted by account, line and start.

    `line` numbers the lines of all accounts from 0; `start` and `end` (NEVER: open) bound, in microseconds, when a
    version holds: `[start, end)`. `rows` are the same rows in the same order, with their other columns.
    """

    rows: Rows
    line: Ints
    start: Ints
    end: Ints

    def __len__(self) -> int:
        return len(self.line)

    def in_force(self, at: int) -> Flags:
        """Return a mask of the versions that hold at the instant: `start <= at < end`."""
        return (self.start <= at) & (at < self.end)

    def total(self, column: str, accounts: int, at: int) -> Ints:
        """Return per account the sum of `column` over the versions in force at the instant, nulls as 0."""
        values = self.rows.columns[column]
        counted = self.in_force(at) & (values != MISSING)
        return sum_by_account(self.rows.account, np.where(counted, values, 0), accounts)

    def mrr_at(self, accounts: int, at: int) -> Ints:
        """Return each account's MRR at the instant, in ten-thousandths: int64 of shape (accounts,)."""
        return self.total("mrr", accounts, at)


def line_versions(rows: Rows) -> LineVersions:
    """Return the visible rows of `subscriptions` as versions of lines, with the end that really bounds each.

    Of versions of a line that start together only the last in row order holds: the others end as they start.
    """
    product = rows.columns.get("product", np.full(len(rows), MISSING))
    identity = rows.columns.get("subscription_id", np.full(len(rows), MISSING))
    # Rows without an id are told apart by product, and never share a line with rows that have one.
    by_product = np.where(identity == MISSING, product, MISSING)
    order = np.lexsort((np.arange(len(rows)), rows.occurred, by_product, identity, rows.account))
    ordered = rows.take(order)
    same = _same_as_next(ordered.account) & _same_as_next(identity[order]) & _same_as_next(by_product[order])
    line = np.concatenate(([0], np.cumsum(~same)))[: len(rows)].astype(np.int64)
    start = ordered.occurred
    ended = ordered.columns.get("ended_at", np.full(len(rows), MISSING))
    end = np.where(ended == MISSING, NEVER, ended)
    end[:-1] = np.where(same, np.minimum(end[:-1], start[1:]), end[:-1])
    return LineVersions(ordered, line, start, end)


def mrr_at(rows: Rows, accounts: int, at: int) -> Ints:
    """Return each account's MRR at the instant, as the visible `rows` of `subscriptions` tell it.

    int64 ten-thousandths of shape (accounts,); 0 for an account without a line in force. For many instants of the
    same rows, take `line_versions` once.
    """
    return line_versions(rows).mrr_at(accounts, at)


def _same_as_next(values: NDArray[np.int64]) -> Flags:
    return values[1:] == values[:-1]
