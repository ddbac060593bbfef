"""as_of dates and the windows around them. An as_of is midnight UTC at the start of its day.

Instants are whole microseconds since 1970-01-01 UTC (int64), so that comparisons are exact:
features look back over `[as_of - window, as_of)`, labels ahead over `[as_of + gap, as_of + gap + horizon)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from pipeline.errors import AsOfError

DAY = 86_400_000_000
"""Microseconds in a day."""

MISSING = int(np.iinfo(np.int64).min)
"""Stands for a null in int64 columns (times, fixed-point numbers); smaller than every real value."""

NEVER = int(np.iinfo(np.int64).max)
"""An instant later than every real one."""

EARLIEST = date(1900, 1, 1)
LATEST = date(2200, 1, 1)


def parse_as_of(text: str) -> date:
    """Return the date written as YYYY-MM-DD.

    Raises AsOfError for anything else, and for a day outside 1900 to 2199.
    """
    try:
        # fromisoformat alone also takes 20260131 and 2026-W05-6.
        day = datetime.strptime(text.strip(), "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise AsOfError(f"as_of must be a day written as YYYY-MM-DD; found {text!r}. Write, say, 2026-01-31.") from None
    if not EARLIEST <= day < LATEST:
        raise AsOfError(f"as_of must lie between {EARLIEST} and {LATEST}; found {day}. Check the year.")
    return day


def instant(day: date) -> int:
    """Return midnight UTC at the start of `day`, in microseconds since 1970-01-01."""
    return (day - date(1970, 1, 1)).days * DAY


def day_of(microseconds: int) -> date:
    """Return the UTC day that holds the instant."""
    return date(1970, 1, 1) + timedelta(days=int(microseconds // DAY))


def moment_of(microseconds: int) -> datetime:
    """Return the instant as an aware UTC datetime."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(microseconds))


@dataclass(frozen=True)
class LabelWindow:
    """The days a label looks at: `[as_of + gap, as_of + gap + horizon)`, judged once `settle_days` more have passed."""

    horizon: int
    gap: int = 0
    settle_days: int = 0

    @property
    def embargo(self) -> int:
        """Days from an as_of until its label may be used: gap + horizon + settle_days."""
        return self.gap + self.horizon + self.settle_days

    def bounds(self, as_of: date) -> tuple[int, int]:
        """Return the window's first instant and the instant after its last."""
        start = instant(as_of) + self.gap * DAY
        return start, start + self.horizon * DAY

    def closed_by(self, as_of: date, until: date) -> bool:
        """Whether the label of `as_of` may be used at `until`."""
        return as_of + timedelta(days=self.embargo) <= until

    def last_usable(self, until: date) -> date:
        """Return the latest as_of whose label may be used at `until`."""
        return until - timedelta(days=self.embargo)
