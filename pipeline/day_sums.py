"""Digests of what was known by a day: sums of 128-bit digests of rows and late values, by the day they became known.

A sum does not depend on the order of rows, and a day's sum does not change when something becomes known later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.asof import DAY, MISSING

Ints = NDArray[np.int64]
Bits = NDArray[np.uint64]

ALWAYS = -(1 << 31)
"""Stands for the day of what was always known."""


@dataclass(frozen=True)
class DaySums:
    """Per day since 1970, ascending: how much became known in it, and the sum of its digests, in two halves."""

    days: Ints
    count: Ints
    low: Bits
    high: Bits

    def upto(self, day: int) -> tuple[int, int, int]:
        """Return number and sums of what became known before `day`."""
        end = int(np.searchsorted(self.days, day))
        return int(self.count[:end].sum()), int(self.low[:end].sum()), int(self.high[:end].sum())

    def as_data(self) -> list[tuple[int, int, str]]:
        """Return the sums as JSON has them."""
        rows = zip(self.days.tolist(), self.count.tolist(), self.low.tolist(), self.high.tolist(), strict=True)
        return [(day, count, f"{low:016x}{high:016x}") for day, count, low, high in rows]

    @classmethod
    def of_data(cls, data: Sequence[tuple[int, int, str]]) -> DaySums:
        return cls(
            np.array([day for day, _, _ in data], dtype=np.int64),
            np.array([count for _, count, _ in data], dtype=np.int64),
            np.array([int(text[:16], 16) for _, _, text in data], dtype=np.uint64),
            np.array([int(text[16:], 16) for _, _, text in data], dtype=np.uint64),
        )


def days_of(known: Ints) -> Ints:
    """Return the day in which each instant lies, in days since 1970; ALWAYS where it is missing."""
    return np.where(known == MISSING, ALWAYS, known // DAY)


def sum_by_day(parts: Sequence[tuple[Ints, Bits, Bits]]) -> DaySums:
    """Return the sums of digests, given in parts as days and both halves."""
    summed = [_summed(*part) for part in parts if len(part[0])]
    if not summed:
        return DaySums.of_data([])
    if len(summed) == 1:
        return summed[0]
    days = np.concatenate([each.days for each in summed])
    order = np.argsort(days, kind="stable")
    count, low, high = (np.concatenate([getattr(each, n) for each in summed])[order] for n in ("count", "low", "high"))
    starts = _starts(days[order])
    sums = (np.add.reduceat(values, starts) for values in (count, low, high))
    return DaySums(days[order][starts], *sums)


def _summed(days: Ints, low: Bits, high: Bits) -> DaySums:
    order = day_order(days)
    days = days[order]
    starts = _starts(days)
    count = np.diff(np.r_[starts, len(days)])
    return DaySums(days[starts], count, np.add.reduceat(low[order], starts), np.add.reduceat(high[order], starts))


def day_order(days: Ints) -> Ints:
    """Return the positions that sort days; within 179 years in linear time."""
    least = days[days != ALWAYS].min(initial=1 << 31)
    offset = np.where(days == ALWAYS, 0, days - least + 1)
    return np.argsort(offset.astype(np.uint16) if offset.max() < 1 << 16 else offset, kind="stable")


def _starts(ascending: Ints) -> Ints:
    return np.flatnonzero(np.r_[True, ascending[1:] != ascending[:-1]])
