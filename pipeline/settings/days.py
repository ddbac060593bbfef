"""Days and numbers of days, as a config may name them."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from pipeline.asof import EARLIEST, LATEST


def _plausible(day: date) -> date:
    if not EARLIEST <= day < LATEST:
        raise ValueError(f"expected a day between {EARLIEST} and {LATEST}")
    return day


Day = Annotated[date, AfterValidator(_plausible)]
"""A day in which rows and as_of dates may lie."""

LONGEST = 3650
"""Days; ten years are longer than anything that is counted in days here."""

Days = Annotated[int, Field(gt=0, le=LONGEST)]
