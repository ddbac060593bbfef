"""Churn by inactivity, for firms that sell without contracts: an active account buys nothing in the window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from models.targets.invoiced import has_positive, net_spend
from models.targets.target import Outcome, Standing, Target, TargetSettings, nothing_known
from pipeline.asof import DAY
from pipeline.history import View
from pipeline.tables import SCALE


class ChurnByInactivitySettings(TargetSettings):
    kind: Literal["churn"]
    by: Literal["inactivity"] | None = None
    active_days: int = Field(120, ge=1, le=3650)
    """An account is active when it was billed in `[as_of - active_days, as_of)`."""


@dataclass(frozen=True)
class ChurnByInactivity(Target):
    """Cohort: a positive invoice in `[as_of - active_days, as_of)`. Label 1: none in the window.

    Value at stake: max(0, net spend in the same days) x horizon / active_days.
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
        for as_of in standings:
            yield Outcome(~has_positive(later, *self.window.bounds(as_of)), np.zeros(len(later.accounts), np.int64))
