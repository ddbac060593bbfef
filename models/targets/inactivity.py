"""Churn by inactivity, for firms that sell without contracts: an active account buys nothing in the window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from models.targets.invoiced import first_positive, has_positive, net_spend
from models.targets.target import (
    HORIZONS,
    Horizon,
    Outcome,
    Standing,
    Target,
    TargetSettings,
    days_after,
    nothing_known,
)
from pipeline.asof import DAY, MISSING, NEVER
from pipeline.history import Ints, View
from pipeline.tables import SCALE


class ChurnByInactivitySettings(TargetSettings):
    kind: Literal["churn"]
    by: Literal["inactivity"] | None = None
    active_days: int = Field(120, ge=1, le=3650)
    """An account is active when it was billed in `[as_of - active_days, as_of)`."""
    horizons: tuple[Horizon, ...] = HORIZONS
    """Days within which a probability is told besides `horizon`, from which the likely month comes; [] for none."""


@dataclass(frozen=True)
class ChurnByInactivity(Target):
    """Cohort: a positive invoice in `[as_of - active_days, as_of)`. Label 1: none in the window.

    Value at stake: max(0, net spend in the same days) x horizon / active_days.

    The event that the label asks for comes on the last day of the first `horizon` days without a positive invoice that
    begin in the window or later; so it never comes within fewer days than the horizon.
    """

    params: ChurnByInactivitySettings

    kind: ClassVar[str] = "churn"
    by: ClassVar[str] = "inactivity"
    risk = True
    narrowed_by: ClassVar[str] = "a longer `horizon` or a shorter `active_days`"
    reads: ClassVar[tuple[str, ...]] = ("invoices",)
    settings_class: ClassVar[type[TargetSettings]] = ChurnByInactivitySettings

    @property
    def lookback(self) -> int:
        return max(self.params.active_days, self.min_history_days)

    @property
    def words(self) -> Mapping[str, str]:
        days, horizon = self.params.active_days, self.params.horizon
        return {
            "cohort": f"a positive invoice in the last {days} days",
            "label": f"no positive invoice in the window of {horizon} days",
            "value": f"net spend of the last {days} days x {horizon} / {days}",
        }

    @property
    def horizons(self) -> tuple[int, ...]:
        return self.params.horizons

    @property
    def shortest_horizon(self) -> int:
        return self.params.horizon

    @property
    def silent_days(self) -> int:
        return self.params.horizon

    def standing(self, view: View) -> Standing:
        start = view.at - self.params.active_days * DAY
        base = net_spend(view, start, view.at)
        accounts = len(view.accounts)
        return Standing(
            member=has_positive(view, start, view.at),
            base=base,
            stake=np.maximum(base, 0) / SCALE * self.params.horizon / self.params.active_days,
            leaving=np.zeros(accounts, dtype=bool),
            since=nothing_known(accounts),
            ends=nothing_known(accounts),
        )

    def outcomes(self, later: View, standings: Mapping[date, Standing]) -> Iterator[Outcome]:
        accounts = len(later.accounts)
        last_buys = _followed_by_nothing(later, self.params.horizon)
        for as_of in standings:
            start, end = self.window.bounds(as_of)
            bought = first_positive(later, start, end)
            silent = bought == end
            left_at = np.full(accounts, NEVER)
            account, bought_at = last_buys
            after = bought_at >= start
            np.minimum.at(left_at, account[after], bought_at[after] + self.params.horizon * DAY)
            left_at[silent] = end - 1
            waited = (bought - start) // DAY / self.params.horizon
            yield Outcome(silent, np.zeros(accounts, np.int64), days_after(as_of, left_at), waited)


def _followed_by_nothing(view: View, days: int) -> tuple[Ints, Ints]:
    """Return account and instant of each positive invoice that so many whole days without another one follow.

    The last of an account is always among them: whether the days after it are known is for the reader to judge.
    """
    rows = view.rows("invoices")
    if rows is None:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    positive = (rows.columns["amount"] > 0) & (rows.occurred != MISSING)
    account, bought_at = rows.account[positive], rows.occurred[positive]  # by account, then by time
    follows = np.zeros(len(account), dtype=bool)
    follows[:-1] = account[1:] == account[:-1]
    empty = np.full(len(account), days)
    empty[:-1] = np.where(follows[:-1], np.diff(bought_at // DAY) - 1, days)
    return account[empty >= days], bought_at[empty >= days]
