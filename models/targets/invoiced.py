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
    found = np.zeros(len(view.accounts), dtype=bool)
    rows = view.rows("invoices")
    if rows is not None:
        positive = (rows.occurred >= start) & (rows.occurred < end) & (rows.columns["amount"] > 0)
        found[rows.account[positive]] = True
    return found
