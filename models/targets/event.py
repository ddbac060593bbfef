"""Events: an interaction of a named kind occurs in the window: an escalation, a referral, a firm's churn record."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from models.targets.invoiced import net_spend
from models.targets.target import (
    HORIZONS,
    Floats,
    Horizon,
    Outcome,
    Standing,
    Target,
    TargetSettings,
    days_after,
    nothing_known,
)
from pipeline.asof import DAY, NEVER
from pipeline.contract_lines import line_versions
from pipeline.history import Flags, Ints, View
from pipeline.tables import SCALE

MONTHS = 12
"""Months of MRR, or of net spend, that an event puts at stake where no amount is configured."""
YEAR = 365

Amount = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]


class EventSettings(TargetSettings):
    kind: Literal["event"]
    event: str = Field(min_length=1)
    """The kind of interaction, as the mapping of `interactions` writes it."""
    risk: bool = True
    """Whether the event is a loss (an escalation) or a gain (a referral)."""
    horizons: tuple[Horizon, ...] = HORIZONS
    """Days within which a probability is told besides `horizon`, from which the likely month comes; [] for none.
    A gain has none."""


class EventByContractSettings(EventSettings):
    by: Literal["contract"] | None = None
    value: Amount | Literal["mrr"] = "mrr"
    """Money at stake per account, or "mrr": a year's."""


class EventByActivitySettings(EventSettings):
    by: Literal["activity"] | None = None
    active_days: int = Field(180, ge=1, le=3650)
    """An account is active when any row of it occurred in `[as_of - active_days, as_of)`."""
    value: Amount | Literal["spend"] = "spend"
    """Money at stake per account, or "spend": the net spend of the last year."""


@dataclass(frozen=True)
class Event(Target):
    """Label 1: an interaction of kind `event` occurs in the window, one withdrawn by then not counted.

    Repeats do not matter, nor whether the account had such an event before as_of.
    """

    params: EventSettings

    kind: ClassVar[str] = "event"
    narrowed_by: ClassVar[str] = "a rarer `event` or a shorter `horizon`"

    @property
    def risk(self) -> bool:
        return self.params.risk

    @property
    def horizons(self) -> tuple[int, ...]:
        return self.params.horizons if self.risk else ()

    @property
    def words(self) -> Mapping[str, str]:
        return {
            "cohort": self._cohort,
            "label": f"an interaction of kind '{self.params.event}' in the window of {self.params.horizon} days",
            "value": self._value,
        }

    @property
    @abstractmethod
    def _cohort(self) -> str: ...

    @property
    @abstractmethod
    def _value(self) -> str: ...

    def outcomes(self, later: View, standings: Mapping[date, Standing]) -> Iterator[Outcome]:
        accounts = len(later.accounts)
        for as_of in standings:
            start, end = self.window.bounds(as_of)
            first = first_after(later, self.params.event, start)
            yield Outcome(first < end, np.zeros(accounts, dtype=np.int64), days_after(as_of, first))

    def _standing(self, view: View, member: Flags, base: Ints, stake: Floats) -> Standing:
        accounts = len(view.accounts)
        return Standing(
            member=member,
            base=base,
            stake=stake,
            leaving=np.zeros(accounts, dtype=bool),
            since=nothing_known(accounts),
            ends=nothing_known(accounts),
        )


@dataclass(frozen=True)
class EventByContract(Event):
    """Cohort: MRR > 0 at as_of. Value at stake: as configured, else 12 x MRR."""

    params: EventByContractSettings

    by: ClassVar[str] = "contract"
    reads: ClassVar[tuple[str, ...]] = ("interactions", "subscriptions")
    settings_class: ClassVar[type[TargetSettings]] = EventByContractSettings

    @property
    def _cohort(self) -> str:
        return "MRR above 0"

    @property
    def _value(self) -> str:
        return f"{MONTHS} x MRR" if self.params.value == "mrr" else f"{self.params.value:g} per account"

    def standing(self, view: View) -> Standing:
        accounts = len(view.accounts)
        mrr = line_versions(view.tables["subscriptions"]).mrr_at(accounts, view.at)
        value = self.params.value
        stake = MONTHS * mrr / SCALE if value == "mrr" else np.full(accounts, float(value))
        return self._standing(view, mrr > 0, mrr, stake)


@dataclass(frozen=True)
class EventByActivity(Event):
    """Cohort: any row that occurred in `[as_of - active_days, as_of)`, feedback on lists aside.

    Value at stake: as configured, else max(0, net spend) of the 365 days before as_of.
    """

    params: EventByActivitySettings

    by: ClassVar[str] = "activity"
    reads: ClassVar[tuple[str, ...]] = ("interactions",)
    settings_class: ClassVar[type[TargetSettings]] = EventByActivitySettings

    @property
    def lookback(self) -> int:
        return max(self.params.active_days, self.min_history_days)

    @property
    def _cohort(self) -> str:
        return f"anything recorded in the last {self.params.active_days} days"

    @property
    def _value(self) -> str:
        spend = self.params.value == "spend"
        return f"net spend of the last {YEAR} days" if spend else f"{self.params.value:g} per account"

    def available(self, columns: Mapping[str, tuple[str, ...]]) -> str | None:
        lacking = super().available(columns)
        if lacking is None and self.params.value == "spend" and "invoices" not in columns:
            return "needs the table invoices to tell the value at stake from, or `value`, an amount per account"
        return lacking

    def standing(self, view: View) -> Standing:
        accounts = len(view.accounts)
        active = np.zeros(accounts, dtype=bool)
        for name, rows in view.tables.items():
            if name != "feedback":  # what we did about an account is no life of its own
                recent = (rows.occurred >= view.at - self.params.active_days * DAY) & (rows.occurred < view.at)
                active[rows.account[recent]] = True
        value = self.params.value
        if value != "spend":
            return self._standing(view, active, np.zeros(accounts, dtype=np.int64), np.full(accounts, float(value)))
        spent = net_spend(view, view.at - YEAR * DAY, view.at)
        return self._standing(view, active, spent, np.maximum(spent, 0) / SCALE)


def first_after(view: View, kind: str, start: int) -> Ints:
    """Return per account the instant of its first interaction of the kind at or after `start`; NEVER without one."""
    first = np.full(len(view.accounts), NEVER)
    rows = view.rows("interactions")
    if rows is not None:
        later = rows.equal("kind", kind) & (rows.occurred >= start)
        np.minimum.at(first, rows.account[later], rows.occurred[later])
    return first
