"""What every kind of target has: its parameters, its window, and the two questions it answers about accounts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pipeline.asof import DAY, MISSING, NEVER, LabelWindow, instant
from pipeline.history import Flags, Ints, View
from pipeline.settings import Section
from pipeline.tables import TABLES

Floats = NDArray[np.float64]

COHORT = "cohort"
"""Scored: the target's question makes sense for the account at as_of."""
LEAVING = "leaving"
"""Known to end: listed apart, scored neither for churn nor for upsell."""
TOO_NEW = "too_new"
"""Would be scored but for its short history: listed apart, never scored 0."""
OUTSIDE = "outside"
"""The question makes no sense for the account: nothing to lose, or nothing to grow from."""
SECTIONS = (COHORT, LEAVING, TOO_NEW, OUTSIDE)


Horizon = Literal[30, 60, 90, 180, 365]

HORIZONS: tuple[Horizon, ...] = get_args(Horizon)
"""Days within which the curves of risks tell a probability."""


class TargetSettings(Section):
    """Keys that every `[targets.NAME]` has. Times are in days."""

    kind: str
    by: str | None = None
    """What it is judged by; without it contracts where the firm has them, else invoices."""
    horizon: int = Field(90, ge=1, le=3650)
    """Length of the label's window `[as_of + gap, as_of + gap + horizon)`."""
    gap: int = Field(0, ge=0, le=3650)
    """Days between as_of and the window: time to act in."""
    settle_days: int | None = Field(None, ge=0, le=3650)
    """Days after the window until its label may be used; default 0, for churn by contract `grace_days`."""
    min_history_days: int | None = Field(None, ge=0, le=3650)
    """Younger accounts are too new; default `[accounts] min_history_days`."""


@dataclass(frozen=True)
class Standing:
    """How each account of a bucket stands at an as_of. Arrays of shape (accounts,)."""

    member: Flags
    """In the cohort, its length of history aside."""
    base: Ints
    """What the label is measured against, in ten-thousandths: MRR, or net spend."""
    stake: Floats
    """Value at stake in currency units; NaN where a model has to tell it."""
    leaving: Flags
    since: Ints
    """When the end of a leaving account became known; MISSING where the tables do not say."""
    ends: Ints
    """When a leaving account ends; MISSING for others."""


@dataclass(frozen=True)
class Outcome:
    """What became of each account. Arrays of shape (accounts,); meaningful for members of the cohort only."""

    label: Flags
    increment: Ints
    """By how much `base` grew, in ten-thousandths, at least 0; 0 where the value at stake is no increment."""
    event_after: Floats | None = None
    """Days from as_of to the first event of the kind the label asks for, whole, 0 on as_of's own day, however late it
    came; NaN where none is known. Label 1 exactly where it is below gap + horizon. None: the label has no day."""
    waited: Floats | None = None
    """Share of the window that passed before the account did what makes the label 0: 1 exactly where the label is 1.
    None: the label has no such moment."""


@dataclass(frozen=True)
class Target(ABC):
    """One target of a config."""

    name: str
    params: TargetSettings
    min_history_days: int

    kind: ClassVar[str]
    by: ClassVar[str]
    grows: ClassVar[bool] = False
    """Whether the value at stake is an increment that a model has to tell; otherwise `standing` gives it."""
    narrowed_by: ClassVar[str]
    """What makes the outcome rarer, in words that name the key."""
    reads: ClassVar[tuple[str, ...]]
    """The tables that cohort and label are made from."""
    settings_class: ClassVar[type[TargetSettings]]

    @property
    def window(self) -> LabelWindow:
        """The label's window, with the days after which it may be used."""
        settle = self.params.settle_days
        return LabelWindow(self.params.horizon, self.params.gap, self.default_settle_days if settle is None else settle)

    @property
    def default_settle_days(self) -> int:
        return 0

    @property
    def lookback(self) -> int:
        """Days before as_of that the cohort looks at; with less history the cohort is another one."""
        return self.min_history_days

    @property
    def horizons(self) -> tuple[int, ...]:
        """The horizons that a curve is asked for; none where the target is no risk, or its event has no day."""
        return ()

    @property
    def shortest_horizon(self) -> int:
        """The fewest days within which the event can come at all; shorter horizons are not defined."""
        return 1

    @property
    def silent_days(self) -> int:
        """Days without a positive invoice whose completion is the event; 0 where the event has a day of its own."""
        return 0

    @property
    @abstractmethod
    def risk(self) -> bool:
        """Whether label 1 is a loss (churn); otherwise it is an opportunity (upsell)."""

    @property
    @abstractmethod
    def words(self) -> Mapping[str, str]:
        """The target's definition for people: `cohort`, `label` and `value`."""

    @abstractmethod
    def standing(self, view: View) -> Standing:
        """Return how the accounts stand, from what is visible at the view's as_of."""

    @abstractmethod
    def outcomes(self, later: View, standings: Mapping[date, Standing]) -> Iterator[Outcome]:
        """Yield what became of the accounts since each as_of, as `later` tells it, in the order of `standings`."""

    def notices(self, later: View) -> Floats:  # noqa: ARG002
        """Return the days of notice of each past termination; none where terminations are not told."""
        return np.empty(0)

    @property
    def judges_notices(self) -> bool:
        """Whether `check` looks at the notices; otherwise nobody has to collect them."""
        return False

    def check(self, notices: Floats) -> None:  # noqa: B027 - most kinds have nothing to check
        """Raise TrainingRefused when the notices of all accounts say that the target cannot be learnt."""

    def available(self, columns: Mapping[str, tuple[str, ...]]) -> str | None:
        """Return why the target has to be left out, given the mapped columns of each table; None when it need not."""
        for table in self.reads:
            if table not in columns:
                present = ", ".join(sorted(columns)) or "none"
                return f"needs the table {table}, which is not among the tables present: {present}"
            lacking = sorted(set(TABLES[table].required) - set(columns[table]))
            if lacking:
                return f"needs {table}.{lacking[0]}, which is not mapped"
        return None

    def plain(self) -> dict[str, Any]:
        """Return the target's definition with every default filled in, as JSON can hold it."""
        # Within which horizons a curve is told as well is no other question.
        given = self.params.model_dump(mode="json", exclude={"horizons"})
        return given | {
            "name": self.name,
            "kind": self.kind,
            "by": self.by,
            "settle_days": self.window.settle_days,
            "min_history_days": self.min_history_days,
            "risk": self.risk,
        }


def days_after(as_of: date, event_at: Ints) -> Floats:
    """Return the whole days from as_of to each instant, 0 for one before it; NaN for NEVER."""
    days = np.maximum(event_at // DAY - instant(as_of) // DAY, 0)
    return np.where(event_at == NEVER, np.nan, days)


def nothing_known(accounts: int) -> Ints:
    """Return an instant per account that stands for no instant."""
    return np.full(accounts, MISSING)


def at_least(end: Ints, base: Ints, ratio: Fraction) -> Flags:
    """Return where `end >= ratio x base`, exactly."""
    # Python's integers: ten-thousandths times a ratio's parts may leave int64.
    return (end.astype(object) * ratio.denominator >= base.astype(object) * ratio.numerator).astype(bool)


def exact(number: float) -> Fraction:
    """Return the number as it was written: 1.1 as 11/10, not as the nearest binary fraction."""
    return Fraction(repr(number))
