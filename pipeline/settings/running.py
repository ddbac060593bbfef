"""`[time]`, `[run]`, `[engine]`, `[money]`, `[accounts]`: what a run reads, when, and with what means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PositiveInt

from pipeline.parsing import Section
from pipeline.settings.days import LONGEST, Day


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"unknown time zone {name!r}; write, say, Europe/Copenhagen") from None
    return name


class TimeSettings(Section):
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """The zone naive timestamps are read in."""
    data_until: Day | None = None
    """Overrides the day up to which the tables are complete."""


class RunSettings(Section):
    as_of: Day | None = None
    wait_seconds: int = Field(0, ge=0)
    """How long a second run waits for the first; 0: it stops with an error at once."""
    seed: int = 0
    memory_gb: float = Field(2.0, ge=0.25)
    """Memory that a run may take; tables are read, features built and models trained within it, as far as can be."""
    workers: PositiveInt | None = None
    """Buckets of accounts that are worked on side by side; without it, one per core."""
    rows_per_bucket: PositiveInt | None = None
    """Rows of a bucket, which is what a worker holds in memory; without it, what `memory_gb` allows."""


class EngineSettings(Section):
    """Where the tables are read and the buckets worked on."""

    kind: Literal["embedded", "spark"] = "embedded"
    """`spark`: on a cluster, with the same numbers; it needs `pip install keepgrow[spark]` and Java."""
    master: str | None = None
    """Spark's master, say local[4] or spark://HOST:7077; without it, what spark-submit or the platform sets."""
    options: Mapping[str, str] = Field(default_factory=dict)
    """Spark's own settings, say "spark.executor.memory" = "4g"."""
    buckets: PositiveInt | None = None
    """Buckets that the accounts are dealt into; without it, by the rows and `[run] memory_gb` (of one worker)."""


class MoneySettings(Section):
    currency: str = "EUR"
    """The reporting currency; other currencies are converted by `rates`."""


class AccountSettings(Section):
    features: tuple[str, ...] = ()
    """Attributes that become features; they need known_at, or to be named in `constant` too."""
    constant: tuple[str, ...] = ()
    """Attributes that never change (country of founding), declared so by you."""
    peers: str | None = None
    """Attribute that accounts share with their peers, one of `features`, or "all"; without it nobody has any."""
    min_history_days: int = Field(30, ge=0, le=LONGEST)
    """Younger accounts are listed as too new and never scored."""
