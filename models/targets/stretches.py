"""The stretches of time over which an account pays, and when it became certain that one of them ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.asof import DAY, MISSING, NEVER
from pipeline.contract_lines import LineVersions
from pipeline.history import Ints


@dataclass(frozen=True)
class Stretches:
    """Spans `[start, end)` with MRR > 0, gaps shorter than the grace bridged; sorted by account and start.

    `end` is NEVER for a stretch that no known row ends. `certain` is when the end became certain: the latest instant
    at which the end of any of its lines was known (`end_known_at`, else the end itself), and never after `end`.
    `next_start` is when the account pays again; NEVER when it does not.
    """

    account: Ints
    start: Ints
    end: Ints
    certain: Ints

    @property
    def next_start(self) -> Ints:
        following = np.full(len(self.start), NEVER)
        again = np.flatnonzero(self.account[1:] == self.account[:-1])
        following[again] = self.start[again + 1]
        return following

    def first_start(self, accounts: int) -> Ints:
        """Return per account when it first pays; NEVER where it never does."""
        first = np.full(accounts, NEVER)
        np.minimum.at(first, self.account, self.start)
        return first


def stretches(versions: LineVersions, grace_days: int) -> Stretches:
    """Return the paying stretches of all accounts; a gap of less than `grace_days` does not end one."""
    paying = _paying(versions)
    account, start, end = _spans(versions, paying)
    if not len(account):
        return Stretches(account, start, end, end)
    # An end of NEVER is an account's last, so that the difference that overflows is never used.
    joined = (account[1:] == account[:-1]) & (start[1:] - end[:-1] < grace_days * DAY)
    opens = np.flatnonzero(np.r_[True, ~joined])
    closes = np.r_[opens[1:] - 1, len(account) - 1]
    account, start, end = account[opens], start[opens], end[closes]
    return Stretches(account, start, end, _certain(versions, paying, account, start, end))


def _paying(versions: LineVersions) -> np.ndarray:
    mrr = versions.rows.columns["mrr"]
    return (mrr != MISSING) & (mrr != 0) & (versions.start < versions.end)


def _spans(versions: LineVersions, paying: np.ndarray) -> tuple[Ints, Ints, Ints]:
    """Return account, start and end of each span with MRR > 0, nothing bridged."""
    mrr = versions.rows.columns["mrr"][paying]
    account = np.tile(versions.rows.account[paying], 2)
    instant = np.concatenate((versions.start[paying], versions.end[paying]))
    change = np.concatenate((mrr, -mrr))
    order = np.lexsort((instant, account))
    account, instant, change = account[order], instant[order], change[order]
    # Every line that starts also ends (some at NEVER), so each account's changes sum to 0 and one sum serves all.
    total = np.cumsum(change)
    last = np.r_[(account[1:] != account[:-1]) | (instant[1:] != instant[:-1]), np.ones(min(1, len(account)), bool)]
    account, instant, positive = account[last], instant[last], total[last] > 0
    before = np.r_[np.zeros(min(1, len(account)), bool), positive[:-1]]
    rises, falls = positive & ~before, before & ~positive
    return account[rises], instant[rises], instant[falls]


def _certain(versions: LineVersions, paying: np.ndarray, account: Ints, start: Ints, end: Ints) -> Ints:
    """Return per stretch when its end became certain; NEVER for one without an end."""
    known = versions.rows.columns.get("end_known_at", np.full(len(versions), MISSING))
    known = np.where(known == MISSING, versions.end, known)
    # A version that another paying one carries on from says nothing about the line's end.
    carried_on = np.zeros(len(versions), dtype=bool)
    carried_on[:-1] = (versions.line[1:] == versions.line[:-1]) & (versions.end[:-1] == versions.start[1:]) & paying[1:]
    telling = np.flatnonzero(paying & ~carried_on)
    order = np.lexsort((versions.start[telling], versions.rows.account[telling]))
    telling = telling[order]
    # The stretch of a version: the account's last one that starts no later. Stretches and versions are both sorted.
    merged = np.lexsort(
        (
            np.r_[np.zeros(len(start), np.int8), np.ones(len(telling), np.int8)],
            np.r_[start, versions.start[telling]],
            np.r_[account, versions.rows.account[telling]],
        )
    )
    stretch = np.cumsum(merged < len(start)) - 1
    latest = np.full(len(start), MISSING)
    belongs = merged >= len(start)
    np.maximum.at(latest, stretch[belongs], known[telling[merged[belongs] - len(start)]])
    return np.minimum(latest, end)
