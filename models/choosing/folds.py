"""Inner folds: parts of the training rows to learn from, and others, later or of other accounts, to judge on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.dataset import Dataset
from models.rows import Encoded
from models.split import inner_folds
from pipeline.asof import LabelWindow

INNER_ROWS = 200_000
"""Inner folds train on at most about so many rows, every n-th."""

PARTS = 3
"""Parts that accounts are dealt into where dates give no folds."""


FEWEST_FOLDS = 3
"""With fewer inner test dates, one date's peculiarity would pass for a rule, and what is judged there has learnt from
one or two dates alone."""

IN_TIME = "dates after those learnt from"
OF_ACCOUNTS = f"accounts not learnt from: fewer than {FEWEST_FOLDS} training dates are late enough to test on"


@dataclass(frozen=True)
class Inner:
    """The training and the later rows of an inner fold; `accounts` are those of the later rows, one per row."""

    rows: tuple[Encoded, Encoded]
    accounts: NDArray[Any]


@dataclass(frozen=True)
class Judging:
    """The inner folds that a training judges by, and how many there are `in_time`.

    Where those are fewer than FEWEST_FOLDS, `folds` hold out accounts instead.
    """

    folds: Sequence[Inner]
    in_time: int

    @property
    def later(self) -> bool:
        """Whether the folds lie in time, so that probabilities can be calibrated on them."""
        return self.in_time >= FEWEST_FOLDS

    @property
    def words(self) -> str:
        return IN_TIME if self.later else OF_ACCOUNTS


def judging(data: Dataset, rows: Encoded, window: LabelWindow, seed: int) -> Judging:
    """Return the inner folds of a dataset, encoded as `rows`: in time, or else of accounts."""
    folds = time_folds(data, rows, window)
    if len(folds) >= FEWEST_FOLDS:
        return Judging(folds, len(folds))
    return Judging(account_folds(data.rows["account_id"].to_numpy(), rows, seed), len(folds))


def time_folds(data: Dataset, rows: Encoded, window: LabelWindow) -> list[Inner]:
    """Return the inner folds in time in which both parts have both classes."""
    as_of, accounts = data.rows["as_of"].to_numpy(), data.rows["account_id"].to_numpy()
    folds = []
    for fold in inner_folds(data.dates, window):
        train = np.isin(as_of, np.array([np.datetime64(day) for day in fold.train], dtype=as_of.dtype))
        folds.append(_inner(rows, train, as_of == np.datetime64(fold.test), accounts))
    return _usable(folds)


def account_folds(accounts: NDArray[Any], rows: Encoded, seed: int, parts: int = PARTS) -> list[Inner]:
    """Return folds that hold out a part of the accounts each, with their rows of all dates.

    They tell which candidate says most of accounts it has not seen, not how well it does on later dates: margins of
    them calibrate nothing. The parts are drawn among the accounts in the order of their ids.
    """
    ids, account = np.unique(accounts.astype(str), return_inverse=True)
    dealt = np.random.default_rng(seed).permutation(np.arange(len(ids)) % parts)[account]
    return _usable([_inner(rows, dealt != part, dealt == part, accounts) for part in range(parts)])


def _inner(rows: Encoded, train: NDArray[np.bool_], later: NDArray[np.bool_], accounts: NDArray[Any]) -> Inner:
    kept = np.flatnonzero(train)
    thinned = np.zeros(len(train), dtype=bool)
    thinned[kept[:: max(1, -(-len(kept) // INNER_ROWS))]] = True
    return Inner((rows.take(thinned), rows.take(later)), accounts[later])


def _usable(folds: Sequence[Inner]) -> list[Inner]:
    return [fold for fold in folds if all(0 < part.label.sum() < len(part.label) for part in fold.rows)]
