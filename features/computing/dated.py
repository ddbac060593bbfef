"""A table over the as_of dates of an evaluation: at which of them each row is visible, and at which it has happened."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from features.computing import strands
from pipeline.asof import DAY, MISSING
from pipeline.history import Dated, Days, Flags, Ints, Rows

Numbers = NDArray[np.int32]
"""Dates as their number among the as_ofs, counted from 0."""


class DatedTable:
    """The rows of a table at `as_ofs` (days from 1970-01-01, ascending, at least one).

    A row is visible at the dates `[begin, end)`, and in the past of the dates `[past, end)`.
    """

    def __init__(self, dated: Dated, as_ofs: Days) -> None:
        self.rows: Rows = dated.rows
        self.late = dated.late
        self._as_ofs = as_ofs
        # How many as_ofs lie before each day from the first as_of to the day after the last.
        self._before = np.searchsorted(as_ofs, np.arange(as_ofs[0], as_ofs[-1] + 2)).astype(np.int32)
        self._dealt: dict[str, tuple[Numbers, Ints]] = {}
        self.begin = self.number(dated.first)
        self.end = self.number(dated.last, after=1)

    def number(self, days: Days | Ints, after: int = 0) -> Numbers:
        """Return how many as_ofs lie before each day, or before so many days after it."""
        return np.take(self._before, days - (int(self._as_ofs[0]) - after), mode="clip")

    @cached_property
    def day(self) -> Days:
        """The UTC day on which each row occurred."""
        return (self.rows.occurred // DAY).astype(np.int32)

    @cached_property
    def past(self) -> Numbers:
        """From which date on each row is visible and has occurred; no date where it has no time."""
        past = np.maximum(self.begin, self.number(self.day, after=1))
        past[self.rows.occurred == MISSING] = len(self._as_ofs)
        return past

    def seen(self, accounts: int) -> Flags:
        """Return which accounts have a visible row: (dates, accounts)."""
        seen = np.zeros((len(self._as_ofs), accounts), dtype=bool)
        strands.mark_seen(self.rows.account, self.begin, self.end, seen)
        return seen

    def with_text(self, column: str, texts: tuple[str, ...]) -> Numbers:
        """Return the positions of the rows whose text in `column` is one of `texts`, ascending."""
        categories = self.rows.categories.get(column, ())
        if column not in self._dealt:
            codes = self.rows.columns[column]
            starts = np.zeros(len(categories) + 1, dtype=np.int64)
            # The first place counts the nulls, which are left out.
            starts[1:] = np.cumsum(np.bincount(np.maximum(codes, -1) + 1, minlength=len(categories) + 1)[1:])
            positions = np.empty(starts[-1], dtype=np.int32)
            strands.deal(codes, starts[:-1].copy(), positions)
            self._dealt[column] = positions, starts
        positions, starts = self._dealt[column]
        parts = [positions[starts[n] : starts[n + 1]] for n, text in enumerate(categories) if text in texts]
        return parts[0] if len(parts) == 1 else np.sort(np.concatenate([np.empty(0, np.int32), *parts]))
