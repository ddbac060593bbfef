"""Sums and presence of invoices in a window of time, per account."""

from __future__ import annotations

import numpy as np

from pipeline.asof import MISSING
from pipeline.contract_lines import sum_by_account
from pipeline.history import Flags, Ints, View


def net_spend(view: View, start: int, end: int) -> Ints:
    """Return per account the sum of amounts issued in `[start, end)`, credit notes negative, in ten-thousandths."""
    rows = view.rows("invoices")
    if rows is None:
        return np.zeros(len(view.accounts), dtype=np.int64)
    amount = rows.columns["amount"]
    counted = (rows.occurred >= start) & (rows.occurred < end) & (amount != MISSING)
    return sum_by_account(rows.account, np.where(counted, amount, 0), len(view.accounts))


def has_positive(view: View, start: int, end: int) -> Flags:
    """Return per account whether a row with amount > 0 was issued in `[start, end)`."""
    return first_positive(view, start, end) < end


def first_positive(view: View, start: int, end: int) -> Ints:
    """Return per account the instant of the first row with amount > 0 in `[start, end)`, or `end` without one."""
    found = np.full(len(view.accounts), end)
    rows = view.rows("invoices")
    if rows is not None:
        positive = (rows.occurred >= start) & (rows.occurred < end) & (rows.columns["amount"] > 0)
        np.minimum.at(found, rows.account[positive], rows.occurred[positive])
    return found
