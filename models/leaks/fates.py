"""What became of each row's account, now and later, as far as the rows to learn from tell: whom an AUC compares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.dataset import Dataset

Flags = NDArray[np.bool_]
Positions = NDArray[np.intp]

MOST_ROWS = 10_000
"""Of more rows those of some accounts are looked at, whole: a leak shows in the first thousand."""


@dataclass(frozen=True)
class Fates:
    """The rows that are looked at, by position in the dataset, and what became of each.

    `account` and `as_of` number accounts and dates. `now`: label 1. `later`: label 0, and 1 at a later as_of.
    `never`: label 0 at this as_of and all later ones. `first` and `last` mark an account's first and last row.
    """

    rows: Positions
    account: Positions
    as_of: Positions
    now: Flags
    later: Flags
    never: Flags
    first: Flags
    last: Flags

    @property
    def ever(self) -> Flags:
        """Whether the event came at this as_of or later."""
        return ~self.never


def fates(data: Dataset) -> Fates:
    """Return what became of the accounts of `data`, whose rows are sorted by as_of; at most about MOST_ROWS rows."""
    account = np.unique(data.rows["account_id"].to_numpy().astype(str), return_inverse=True)[1]
    every = -(-len(data) // MOST_ROWS)
    rows = np.flatnonzero(account % every == 0)
    account = account[rows]
    as_of = np.unique(data.rows["as_of"].to_numpy()[rows], return_inverse=True)[1]
    label = data.rows["label"].to_numpy()[rows] == 1
    ever, seen, last = np.zeros(len(rows), bool), np.zeros(account.max(initial=0) + 1, bool), np.zeros(len(rows), bool)
    met = np.zeros_like(seen)
    for day in range(as_of.max(initial=0), -1, -1):
        own = np.flatnonzero(as_of == day)
        met[account[own]] |= label[own]
        ever[own] = met[account[own]]
        last[own] = ~seen[account[own]]
        seen[account[own]] = True
    first = np.zeros(len(rows), bool)
    first[np.unique(account, return_index=True)[1]] = True
    return Fates(rows, account, as_of, label, ever & ~label, ~ever, first, last)
