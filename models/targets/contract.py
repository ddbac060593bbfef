"""Churn and upsell by contract: what becomes of an account's monthly recurring revenue (MRR)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from models.targets.stretches import Stretches, stretches
from models.targets.target import (
    HORIZONS,
    Floats,
    Horizon,
    Outcome,
    Standing,
    Target,
    TargetSettings,
    at_least,
    days_after,
    exact,
    nothing_known,
)
from pipeline.asof import DAY, NEVER, instant
from pipeline.contract_lines import LineVersions, line_versions
from pipeline.errors import TrainingRefused
from pipeline.history import Ints, View
from pipeline.tables import SCALE

MONTHS = 12
"""Months of MRR that a lost contract is worth."""


class ContractSettings(TargetSettings):
    by: Literal["contract"] | None = None
    grace_days: int = Field(30, ge=0, le=3650)
    """A contract that starts again sooner than this after the last one ended was never ended."""


class ChurnByContractSettings(ContractSettings):
    kind: Literal["churn"]
    dated_by: Literal["notice", "end"] = "notice"
    """Whether the account left when notice was given (`end_known_at`, where filled) or when the contract ended."""
    horizons: tuple[Horizon, ...] = HORIZONS
    """Days within which a probability is told besides `horizon`, from which the likely month comes; [] for none."""


class UpsellByContractSettings(ContractSettings):
    kind: Literal["upsell"]
    min_growth: float = Field(0.1, gt=0, le=1000, allow_inf_nan=False)
    """Growth of MRR that counts; 0.1: by a tenth."""


@dataclass(frozen=True)
class ByContract(Target):
    """Cohort of both: MRR > 0 at as_of and no termination known.

    A termination is known when, with what is known at as_of, the account's MRR comes to 0 at some instant and no line
    starts within `grace_days` of it. Such an account is leaving. One that drops a line and keeps another is not.
    """

    params: ContractSettings

    by: ClassVar[str] = "contract"
    reads: ClassVar[tuple[str, ...]] = ("subscriptions",)

    def standing(self, view: View) -> Standing:
        accounts = len(view.accounts)
        versions = _versions(view)
        base = versions.mrr_at(accounts, view.at)
        paying = stretches(versions, self.params.grace_days)
        now = (paying.start <= view.at) & (view.at < paying.end)
        ends, since = np.full(accounts, NEVER), nothing_known(accounts)
        ends[paying.account[now]] = paying.end[now]
        told = now & (paying.certain < view.at)
        since[paying.account[told]] = paying.certain[told]
        leaving = (base > 0) & (ends != NEVER)
        return Standing(
            member=(base > 0) & ~leaving,
            base=base,
            stake=self._stake(base / SCALE),
            leaving=leaving,
            since=np.where(leaving, since, nothing_known(accounts)),
            ends=np.where(leaving, ends, nothing_known(accounts)),
        )

    def _stake(self, mrr: Floats) -> Floats:
        return MONTHS * mrr


@dataclass(frozen=True)
class ChurnByContract(ByContract):
    """Label 1: MRR is 0 at some instant of the window, and no line starts within `grace_days` of where it came to 0.

    With `dated_by = "notice"` an account also counts when its end becomes certain between as_of and the end of the
    window although it pays until later: it has decided. Value at stake: 12 x MRR.

    `settle_days` defaults to `grace_days`, since only then is it known whether a line starts again.
    """

    params: ChurnByContractSettings

    kind: ClassVar[str] = "churn"
    risk = True
    narrowed_by: ClassVar[str] = "a shorter `horizon` or a longer `grace_days`"
    settings_class: ClassVar[type[TargetSettings]] = ChurnByContractSettings

    @property
    def horizons(self) -> tuple[int, ...]:
        return self.params.horizons

    @property
    def default_settle_days(self) -> int:
        return self.params.grace_days

    @property
    def words(self) -> Mapping[str, str]:
        counted = "notice is given or MRR is 0" if self.params.dated_by == "notice" else "MRR is 0"
        return {
            "cohort": "MRR above 0 and no termination known",
            "label": f"{counted} in the window of {self.params.horizon} days, and no line starts within "
            f"{self.params.grace_days} days of the end",
            "value": f"{MONTHS} x MRR",
        }

    def outcomes(self, later: View, standings: Mapping[date, Standing]) -> Iterator[Outcome]:
        accounts = len(later.accounts)
        paying = stretches(_versions(later), self.params.grace_days)
        for as_of in standings:
            left_at = self._left_at(paying, as_of, accounts)
            yield Outcome(
                left_at < self.window.bounds(as_of)[1],
                np.zeros(accounts, dtype=np.int64),
                days_after(as_of, left_at),
            )

    def _left_at(self, paying: Stretches, as_of: date, accounts: int) -> Ints:
        """Return per account the instant at which it left, by the window's start or later; NEVER where it did not."""
        start = self.window.bounds(as_of)[0]
        # No lower bound: the cohort holds no termination known at as_of, so an earlier date was learnt of afterwards.
        dated = paying.certain if self.params.dated_by == "notice" else paying.end
        left_at = np.full(accounts, NEVER)
        gone = (paying.end != NEVER) & (paying.next_start > start)
        np.minimum.at(left_at, paying.account[gone], dated[gone])
        # A contract withdrawn as an error later on: MRR was 0 all along, though at as_of nobody knew.
        first = paying.first_start(accounts)
        never = (first >= instant(as_of) + self.params.grace_days * DAY) & (first > start)
        return np.where(never, np.minimum(left_at, start), left_at)

    def notices(self, later: View) -> Floats:
        paying = stretches(_versions(later), self.params.grace_days)
        past = paying.end <= later.at
        return (paying.end[past] - paying.certain[past]) / DAY

    @property
    def judges_notices(self) -> bool:
        return self.params.dated_by == "end"

    def check(self, notices: Floats) -> None:
        reach = self.window.gap + self.window.horizon
        if not self.judges_notices or not len(notices) or np.median(notices) < reach:
            return
        raise TrainingRefused(
            f"target '{self.name}': dated_by = \"end\" cannot be learnt here: the median notice of {len(notices)} "
            f"terminations is {np.median(notices):g} days, at least gap + horizon = {reach} days. Almost every account "
            'that ends in the window has then given notice before as_of and left the cohort. Set dated_by = "notice", '
            "or a longer horizon."
        )


@dataclass(frozen=True)
class UpsellByContract(ByContract):
    """Label 1: MRR at the window's last instant is at least (1 + `min_growth`) x MRR at as_of.

    Value at stake: left to a model of the increment 12 x max(0, MRR at the end - MRR at as_of) given growth, a year's
    worth like that of churn, so that a play's cost and a manager's two lists are measured alike.
    """

    params: UpsellByContractSettings

    kind: ClassVar[str] = "upsell"
    risk = False
    narrowed_by: ClassVar[str] = "a higher `min_growth`"
    grows: ClassVar[bool] = True
    settings_class: ClassVar[type[TargetSettings]] = UpsellByContractSettings

    @property
    def words(self) -> Mapping[str, str]:
        return {
            "cohort": "MRR above 0 and no termination known",
            "label": f"MRR at least {1 + self.params.min_growth:g} times as high at the end of the window of "
            f"{self.params.horizon} days",
            "value": f"the expected increment of {MONTHS} x MRR given growth",
        }

    def _stake(self, mrr: Floats) -> Floats:
        return np.full(len(mrr), np.nan)

    def outcomes(self, later: View, standings: Mapping[date, Standing]) -> Iterator[Outcome]:
        versions, growth = _versions(later), 1 + exact(self.params.min_growth)
        for as_of, standing in standings.items():
            last = self.window.bounds(as_of)[1] - 1
            end = versions.mrr_at(len(later.accounts), last)
            yield Outcome(at_least(end, standing.base, growth), MONTHS * np.maximum(end - standing.base, 0))


def _versions(view: View) -> LineVersions:
    rows = view.rows("subscriptions")
    if rows is None:
        raise TrainingRefused("targets by contract need the table subscriptions, which is not among the tables present")
    return line_versions(rows)
