"""How much data a measurement takes: events, accounts and as_of dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

BEGIN = date(2023, 1, 1)
END = date(2026, 1, 1)
"""Interactions occur on [BEGIN, END): three years."""

SEED = 4

YEAR_BEFORE_END = 13
"""The as_of dates of the usual task: every fourth week, the last of them a week before the data end."""


@dataclass(frozen=True)
class Size:
    """A data set: `events` interactions as first recorded (corrections come on top) of `accounts` accounts."""

    events: int
    accounts: int
    seed: int = SEED

    @property
    def name(self) -> str:
        return f"{self.events}-{self.accounts}-{self.seed}"

    def __str__(self) -> str:
        return f"{amount(self.events)} events, {amount(self.accounts)} accounts"


def as_of_dates(number: int) -> tuple[date, ...]:
    """Return `number` as_of dates, ascending: every 28 days up to a week before END, more than 13 every 14 days.

    With 36 dates the first lies 490 days before the last, so that the longest window (365 days, and 90 before 90)
    still lies within the data.
    """
    step = 28 if number <= YEAR_BEFORE_END else 14
    last = END - timedelta(days=7)
    return tuple(last - timedelta(days=step * back) for back in reversed(range(number)))


def amount(number: int) -> str:
    """Return 20000000 as "20 million", 100000 as "100,000"."""
    if number >= 1_000_000:
        return f"{number / 1e6:g} million"
    return f"{number:,}"
