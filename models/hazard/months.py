"""The month in which the event most likely comes, where a curve can tell one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LONGEST_STEP = 45
"""Days of a step beyond which it says nothing of a single month."""

STANDS_OUT = 1.5
"""A month is told when it holds so many times what it would hold if all days were alike."""


def likely_months(cumulative: Floats, ends: Sequence[int], first_day: date) -> NDArray[np.object_]:
    """Return per row the calendar month, as YYYY-MM, in which the event most likely comes if it comes at all.

    `cumulative` (steps, rows) are probabilities before the end of each step, in days from `first_day`. The month is
    the one with the largest part of the last probability, each step's spread evenly over its days. None where that part
    is less than `STANDS_OUT` times the month's share of all days, so that a flat curve names no month. None is told
    inside a step longer than `LONGEST_STEP`, nor any where such a step's days are as likely as the month's: it may hold
    a likelier month.
    """
    months, shares, days = _calendar(ends, first_day)
    parts = np.diff(cumulative, axis=0, prepend=0.0)
    held = np.zeros((len(months), cumulative.shape[1]))
    for step, month in np.argwhere(shares > 0):
        held[month] += shares[step, month] * parts[step]
    most = held.argmax(axis=0)
    told = held[most, np.arange(len(most))] >= STANDS_OUT * days[most] / ends[-1] * cumulative[-1]
    lengths = np.diff(ends, prepend=0)
    untold = lengths > LONGEST_STEP
    if untold.any():
        told &= held[most, np.arange(len(most))] / days[most] > (parts[untold] / lengths[untold, None]).max(axis=0)
    told &= cumulative[-1] > 0
    named = np.array(months, dtype=object)[most]
    named[~told] = None
    return named


def _calendar(ends: Sequence[int], first_day: date) -> tuple[list[str], Floats, Floats]:
    """Return the months from `first_day` on, each step's share that lies in each, and the days of each month."""
    names = [f"{first_day + timedelta(days=day):%Y-%m}" for day in range(ends[-1])]
    months = list(dict.fromkeys(names))
    place = np.array([months.index(name) for name in names])
    shares = np.zeros((len(ends), len(months)))
    for step, (start, end) in enumerate(zip((0, *ends[:-1]), ends, strict=True)):
        if end - start <= LONGEST_STEP:
            shares[step] = np.bincount(place[start:end], minlength=len(months)) / (end - start)
    return months, shares, np.bincount(place).astype(np.float64)
