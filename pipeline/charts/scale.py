"""Scales of a chart: from values to places on the paper, with round ticks and their words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any


def number(value: Any) -> float:
    """Return the value as a float; NaN for None and for what is not finite."""
    if value is None:
        return math.nan
    found = float(value)
    return found if math.isfinite(found) else math.nan


@dataclass(frozen=True)
class Scale:
    """Places values of `[low, high]` on `[start, end]` of the paper; `ticks` are values, `words` say them."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]
    words: tuple[str, ...]

    def at(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def round_step(span: float, about: int = 5) -> float:
    """Return the step of 1, 2 or 5 times a power of ten that cuts `span` into at most `about` pieces.

    >>> round_step(0.83), round_step(130)
    (0.2, 50.0)
    """
    power = math.floor(math.log10(span / about))
    wanted = span / about
    for exponent in (power, power + 1):
        for factor in (1, 2, 5):
            # Division keeps .2 and .05 exact where multiplying by .1 would not.
            step = factor * 10.0**exponent if exponent >= 0 else factor / 10.0**-exponent
            if step >= wanted * (1 - 1e-9):
                return step
    return 10.0 ** (power + 2)


def value_scale(
    values: Iterable[float], start: float, end: float, *, percent: bool = False, zero: bool = False, about: int = 5
) -> Scale:
    """Return a scale whose ends are round and that holds all finite `values`; with `zero` it begins there or below."""
    found = [value for value in values if math.isfinite(value)]
    low, high = min(found), max(found)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high == low:
        low, high = (low, low + 1.0) if zero else (low - 0.5, high + 0.5)
    step = round_step(high - low, about)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    if percent and low >= 0 and high <= 1:
        last = min(last, math.ceil(1 / step - 1e-9))
    ticks = tuple(place * step for place in range(first, last + 1))
    say = percent_words(step) if percent else plain_words(step)
    return Scale(ticks[0], ticks[-1], start, end, ticks, tuple(say(tick) for tick in ticks))


def plain_words(step: float) -> Callable[[float], str]:
    """Return how numbers that differ by `step` are written: `1,250` or `0.05`."""
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return lambda value: f"{value:,.{digits}f}"


def percent_words(step: float) -> Callable[[float], str]:
    """Return how shares that differ by `step` are written: `38 %` or `0.5 %`."""
    digits = max(0, -math.floor(math.log10(step * 100) + 1e-9))
    return lambda value: f"{value * 100:,.{digits}f} %"


def day_scale(days: Iterable[float], start: float, end: float) -> Scale:
    """Return a scale of dates given as ordinals, with ticks at first days of months, or every few days."""
    found = [value for value in days if math.isfinite(value)]
    low, high = min(found), max(found)
    if high - low < 1:
        low, high = low - 1, high + 1
    ticks, words = _months(low, high) if high - low > 45 else _days(low, high)
    return Scale(low, high, start, end, ticks, words)


def day_words(ordinal: float) -> str:
    """Return the date of an ordinal as `2025-03-01`."""
    return date.fromordinal(round(ordinal)).isoformat()


def _months(low: float, high: float) -> tuple[tuple[float, ...], tuple[str, ...]]:
    first, last = date.fromordinal(math.ceil(low)), date.fromordinal(math.floor(high))
    months = (last.year - first.year) * 12 + last.month - first.month
    step = next((each for each in (1, 2, 3, 6, 12, 24, 60, 120) if months / each <= 5), 240)
    ticks, words = [], []
    month = first.year * 12 + first.month - 1
    month += -month % step
    while (day := date(month // 12, month % 12 + 1, 1)) <= last:
        if day >= first:
            ticks.append(float(day.toordinal()))
            words.append(f"{day:%Y}" if step % 12 == 0 else f"{day:%b %Y}")
        month += step
    return tuple(ticks), tuple(words)


def _days(low: float, high: float) -> tuple[tuple[float, ...], tuple[str, ...]]:
    first, last = math.ceil(low), math.floor(high)
    step = next(each for each in (1, 2, 7, 14) if (last - first) / each <= 6)
    ticks = tuple(float(day) for day in range(first, last + 1, step))
    return ticks, tuple(f"{date.fromordinal(int(day)):%d %b}" for day in ticks)
