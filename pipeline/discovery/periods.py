"""Periods: what days the tables cover, and horizons that so much history can teach and test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from pipeline.discovery.proposal import Entry
from pipeline.discovery.references import id_sql

OLD = 60
"""Days without a row after which data count as a past export, and lists as made for its last day."""

_STRAY = 0.001
"""Share of the rows at either end that may be typing errors: they must not stretch the period."""


@dataclass(frozen=True)
class Covered:
    """The days that the rows of a table cover, stray ones aside."""

    first: date
    last: date
    whole_days: bool = False
    """Whether rows say the day alone: such a row is known when its day is over, so the next day's list lacks it."""

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def covered(con: duckdb.DuckDBPyConnection, entry: Entry, today: date) -> Covered | None:
    """Return the days up to today that an entry's rows cover, by the time they occurred; None without any."""
    at = time_of(entry)
    if at is None:
        return None
    days = f"SELECT CAST({at} AS DATE) AS day, typeof({at}) = 'DATE' AS whole FROM {rows_of(entry)}"
    first, last, whole = con.execute(
        f"SELECT quantile_disc(day, {_STRAY}), max(day), bool_or(whole) FROM ({days}) "
        f"WHERE day BETWEEN DATE '1900-01-02' AND DATE '{today}'"
    ).fetchall()[0]
    return None if first is None else Covered(first, last, bool(whole))


def time_of(entry: Entry) -> str | None:
    """Return the SQL of the time an entry's rows occurred, over its own source."""
    names = {"invoices": "issued_at", "subscriptions": "started_at", "interactions": "occurred_at"}
    if entry.table in names and entry.select is not None:
        return names[entry.table]
    value = entry.columns.get(names.get(entry.table, ""))
    if value is None:
        return None
    return entry.profile[value.text].plain if value.how == "column" else value.text


def rows_of(entry: Entry) -> str:
    """Return the SQL of an entry's rows: its source as it was seen, or what its query makes of it."""
    if entry.select is None:
        return entry.profile.seen
    others = "".join(f", {name} AS (SELECT * FROM {other.relation})" for name, other in entry.sources.items())
    return f"(WITH source AS (SELECT * FROM {entry.profile.seen}){others} {entry.select})"


def rhythm(con: duckdb.DuckDBPyConnection, entry: Entry, account: str) -> tuple[int, int] | None:
    """Return the days within which half, and 90 %, of an account's next purchases come; None without repeats."""
    at = time_of(entry)
    if at is None:
        return None
    bought = (
        f"SELECT DISTINCT {id_sql(entry.profile[account])} AS a, CAST({at} AS DATE) AS day FROM {entry.profile.seen}"
    )
    gaps = f"SELECT day - lag(day) OVER (PARTITION BY a ORDER BY day) AS gap FROM ({bought}) WHERE a IS NOT NULL"
    half, most = con.execute(
        f"SELECT quantile_disc(gap, 0.5), quantile_disc(gap, 0.9) FROM ({gaps}) WHERE gap > 0"
    ).fetchall()[0]
    return None if half is None else (int(half), int(most))


@dataclass(frozen=True)
class Plan:
    """Days that fit the length of the history: for labels, for activity, between training dates, of first history."""

    horizon: int
    active_days: int
    settle_days: int
    every_days: int
    min_history_days: int
    enough: bool
    """Whether there is room to train, and to test on later days."""


def plan(days: int, contract: bool, gaps: tuple[int, int] | None = None) -> Plan:
    """Return the plan for so many days of history.

    What trains at a date lies a whole label window before it, and so does what it is tested on: both, and for churn by
    inactivity the days that tell who is active, have to fit. `gaps` is the rhythm of purchases: where more than half
    of them come later than a horizon, not to buy in one is no sign of leaving, and a longer one is taken if it fits.
    """
    settle = 30 if contract else 0
    choices = [(90, 180), (60, 120), (30, 60), (14, 30)]
    for place, (horizon, active) in enumerate(choices):
        lookback = 0 if contract else active
        fits = lookback + 2 * (horizon + settle) + 60 <= days
        # Longer than it must be: the shorter horizon gives as many labels again, and lists that change sooner.
        longer_than_needed = not contract and place < len(choices) - 1 and gaps is not None and gaps[1] < horizon / 3
        if fits and not longer_than_needed:
            break
        if place == len(choices) - 1:
            return Plan(horizon, active, 0 if not contract else 7, 7, 0, days >= lookback + 2 * horizon + 14)
    every = 28 if days >= 540 else 14 if days >= 300 else 7
    return Plan(horizon, active, settle, every, 30 if days >= 300 else 0, True)


def day_after(latest: Sequence[Covered], today: date) -> date | None:
    """Return the first day whose list knows the last row, when that is long ago; None where the tables are current."""
    last = max(each.last for each in latest)
    known = max(each.last + timedelta(days=2 if each.whole_days else 1) for each in latest)
    return known if (today - last).days > OLD else None
