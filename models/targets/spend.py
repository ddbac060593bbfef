"""Upsell by spend: an account that buys spends a good deal more in the window than in as many days before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from models.targets.invoiced import net_spend
from models.targets.target import Outcome, Standing, Target, TargetSettings, at_least, exact, nothing_known
from pipeline.asof import DAY
from pipeline.history import View


class UpsellBySpendSettings(TargetSettings):
    kind: Literal["upsell"]
    by: Literal["spend"] | None = None
    ratio: float = Field(1.5, gt=1, le=1000, allow_inf_nan=False)
    """Growth that counts: spend in the window over spend in the last `horizon` days."""


@dataclass(frozen=True)
class UpsellBySpend(Target):
    """Cohort: net spend > 0 in `[as_of - horizon, as_of)`. Label 1: at least `ratio` times as much in the window.

    Value at stake: left to a model of the increment max(0, spend in the window - base) given growth.
    """

    params: UpsellBySpendSettings

    kind: ClassVar[str] = "upsell"
    by: ClassVar[str] = "spend"
    risk = False
    narrowed_by: ClassVar[str] = "a higher `ratio`"
    grows: ClassVar[bool] = True
    reads: ClassVar[tuple[str, ...]] = ("invoices",)
    settings_class: ClassVar[type[TargetSettings]] = UpsellBySpendSettings

    @property
    def lookback(self) -> int:
        return max(self.params.horizon, self.min_history_days)

    @property
    def words(self) -> Mapping[str, str]:
        horizon = self.params.horizon
        return {
            "cohort": f"net spend above 0 in the last {horizon} days",
            "label": f"net spend at least {self.params.ratio:g} times as high in the window of {horizon} days as in "
            f"the {horizon} before",
            "value": "the expected increment given growth",
        }

    def standing(self, view: View) -> Standing:
        base = net_spend(view, view.at - self.params.horizon * DAY, view.at)
        accounts = len(view.accounts)
        return Standing(
            member=base > 0,
            base=base,
            stake=np.full(accounts, np.nan),
            leaving=np.zeros(accounts, dtype=bool),
            since=nothing_known(accounts),
            ends=nothing_known(accounts),
        )

    def outcomes(self, later: View, standings: Mapping[date, Standing]) -> Iterator[Outcome]:
        ratio = exact(self.params.ratio)
        for as_of, standing in standings.items():
            end = net_spend(later, *self.window.bounds(as_of))
            yield Outcome(at_least(end, standing.base, ratio), np.maximum(end - standing.base, 0))
