"""How an account's MRR moved last: by how much, and how long ago."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from features.computing import moves
from features.computing.evaluation import AllHistory, Evaluation, Reads
from features.computing.selection import Floats, filled
from pipeline.asof import DAY, MISSING
from pipeline.contract_lines import LineVersions
from pipeline.history import Flags, Ints
from pipeline.tables import SUBSCRIPTIONS

MoveKind = Literal["rose", "fell", "priced", "returned"]

_KINDS: tuple[MoveKind, ...] = ("rose", "fell", "priced", "returned")


@dataclass(frozen=True)
class Moved(AllHistory):
    """The last move of MRR of a kind, as known at as_of: days since it ("days"), or its size ("share"), else NaN.

    MRR "rose" with more seats or lines, "fell" whatever changed, "priced": it rose without more of either (a dearer
    product and seats that nobody counts too), "returned": from nothing to something, after it had been something
    before. The share is MRR after over MRR before, less 1.
    """

    kind: MoveKind
    figure: Literal["days", "share"] = "days"

    @property
    def reads(self) -> Reads:
        return tuple((SUBSCRIPTIONS.name, column) for column in ("mrr", "seats"))

    def compute(self, evaluation: Evaluation) -> Floats:
        days, share = evaluation.value(_ALL)[_KINDS.index(self.kind)]
        return days if self.figure == "days" else share


@dataclass(frozen=True)
class _Moves(AllHistory):
    """All moves at once: of shape (kinds, 2, dates, accounts)."""

    @property
    def reads(self) -> Reads:
        return Moved("rose").reads

    def compute(self, evaluation: Evaluation) -> Floats:
        found = np.full((len(_KINDS), 2, *evaluation.shape), np.nan)
        for date, lines in enumerate(evaluation.lines):
            found[:, :, date] = _at(lines, evaluation.accounts, int(evaluation.days[date]))
        return found


_ALL = _Moves()


def _at(lines: LineVersions, accounts: int, day: int) -> Floats:
    """Return days and share of each kind's last move at the start of a day: of shape (kinds, 2, accounts)."""
    last, before, after = (np.full((len(_KINDS), accounts), MISSING) for _ in range(3))
    begun = (lines.start <= day * DAY) & (lines.start < lines.end)
    ended = begun & (lines.end <= day * DAY)
    account, instant = (
        _both(lines.rows.account, lines.rows.account, begun, ended),
        _both(lines.start, lines.end, begun, ended),
    )
    order = np.lexsort((instant, account))
    added = [filled(lines.rows.columns[column]) for column in ("mrr", "seats")] + [np.ones(len(lines), dtype=np.int64)]
    changes = [_both(values, -values, begun, ended)[order] for values in added]
    moves.contract_moves(account[order], instant[order], *changes, last, before, after)
    some = last != MISSING
    days = np.where(some, day - last // DAY, np.nan)
    share = np.divide(after, before, out=np.full(some.shape, np.nan), where=some & (before > 0)) - 1
    return np.stack([days, share], axis=1)


def _both(first: Ints, second: Ints, begun: Flags, ended: Flags) -> Ints:
    """Return what holds where lines begin, then what holds where they end."""
    return np.concatenate([first[begun], second[ended]])
