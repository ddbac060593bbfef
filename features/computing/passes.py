"""Compiled passes over strands (see `features.computing.strands`): one figure per as_of date and account.

Each takes the strands (accounts, first and last dates, bounds), since which date each row counts, and what the figure
is made of, and fills `out`, of shape (dates, accounts), where an account has a strand at a date.
"""

from __future__ import annotations

from typing import Any

from features.computing.compiled import DAYS, FLOATS, INTS, compiled

_STRANDS = (DAYS, DAYS, DAYS, INTS, DAYS)
_SCRATCH = "Array(int64, 1, 'C')"
_OUT = "Array(int64, 2, 'C')"


@compiled(*_STRANDS, DAYS, DAYS, "int64", "Array(int32, 2, 'C')")
def find_edge(
    accounts: Any, firsts: Any, lasts: Any, bounds: Any, since: Any, day: Any, as_ofs: Any, back: int, out: Any
) -> None:
    """Fill in the position after the last row that counts and occurred before the day `back` days before as_of."""
    for strand in range(len(accounts)):
        position, stop = bounds[strand], bounds[strand + 1]
        account = accounts[strand]
        for date in range(firsts[strand], lasts[strand]):
            edge = as_ofs[date] - back
            while position < stop and since[position] <= date and day[position] < edge:
                position += 1
            out[date, account] = position


@compiled("Array(int32, 2, 'C', True)", "Array(int32, 2, 'C', True)", DAYS, DAYS, *["Array(int32, 2, 'C')"] * 2)
def edge_of(start: Any, end: Any, day: Any, as_ofs: Any, back: Any, out: Any) -> None:
    """Fill in the position of the first of the rows `start : end` on the day `back` days before as_of, or later.

    All but the days are of shape (dates, accounts), so that each account may look back by days of its own.
    """
    for date in range(out.shape[0]):
        for account in range(out.shape[1]):
            low, high = start[date, account], end[date, account]
            edge = as_ofs[date] - back[date, account]
            while low < high:
                middle = (low + high) // 2
                if day[middle] < edge:
                    low = middle + 1
                else:
                    high = middle
            out[date, account] = low


@compiled(*_STRANDS, DAYS, DAYS, DAYS, _SCRATCH, "int64", _OUT)
def distinct(
    accounts: Any, firsts: Any, lasts: Any, bounds: Any, since: Any, day: Any, as_ofs: Any, numbers: Any, latest: Any,
    window: int, out: Any,
) -> None:  # fmt: skip
    """Fill in how many values occurred within `window` days before as_of. `numbers` numbers a strand's values, and
    `latest` has a place for each.
    """
    for strand in range(len(accounts)):
        row, stop = bounds[strand], bounds[strand + 1]
        found = 0
        for date in range(firsts[strand], lasts[strand]):
            while row < stop and since[row] <= date:
                if numbers[row] >= 0:
                    found = max(found, numbers[row] + 1)
                    latest[numbers[row]] = day[row]
                row += 1
            edge = as_ofs[date] - window
            count = 0
            for number in range(found):
                count += latest[number] >= edge
            out[date, accounts[strand]] = count


@compiled(*_STRANDS, DAYS, DAYS, DAYS, _SCRATCH, INTS, "int64", _OUT, _OUT)
def largest(
    accounts: Any, firsts: Any, lasts: Any, bounds: Any, since: Any, day: Any, as_ofs: Any, numbers: Any, sums: Any,
    values: Any, window: int, out: Any, total: Any,
) -> None:  # fmt: skip
    """Fill in the largest sum of `values` over the rows of one number within `window` days, and that of all rows.

    Every row has a number, for which `sums` has a place, and sums are positive.
    """
    for strand in range(len(accounts)):
        row, stop = bounds[strand], bounds[strand + 1]
        left = row
        found = 0
        whole = 0
        for date in range(firsts[strand], lasts[strand]):
            while row < stop and since[row] <= date:
                if numbers[row] >= found:
                    sums[found] = 0
                    found += 1
                sums[numbers[row]] += values[row]
                whole += values[row]
                row += 1
            while left < row and day[left] < as_ofs[date] - window:
                sums[numbers[left]] -= values[left]
                whole -= values[left]
                left += 1
            top = 0
            for number in range(found):
                top = max(top, sums[number])
            out[date, accounts[strand]] = top
            total[date, accounts[strand]] = whole


@compiled(*_STRANDS, DAYS, DAYS, FLOATS, INTS, "float64", "Array(float64, 2, 'C')")
def decayed(
    accounts: Any, firsts: Any, lasts: Any, bounds: Any, since: Any, day: Any, as_ofs: Any, weights: Any,
    values: Any, scale: float, out: Any,
) -> None:  # fmt: skip
    """Fill in the sum of `weights[age] * value / scale`, age in days, row after row.

    Adding in the order of rows gives each account's sum the same bits, whatever else is computed with it.
    """
    for strand in range(len(accounts)):
        start, stop = bounds[strand], bounds[strand + 1]
        end = start
        for date in range(firsts[strand], lasts[strand]):
            while end < stop and since[end] <= date:
                end += 1
            total = 0.0
            for row in range(start, end):
                total += weights[as_ofs[date] - day[row]] * values[row] / scale
            out[date, accounts[strand]] = total


@compiled(*_STRANDS, DAYS, _OUT, _OUT, _OUT, _OUT)
def gaps(
    accounts: Any, firsts: Any, lasts: Any, bounds: Any, since: Any, day: Any, count: Any, total: Any, squares: Any,
    longest: Any,
) -> None:  # fmt: skip
    """Fill in, of the days between consecutive different days: how many, their sum, sum of squares, and maximum."""
    for strand in range(len(accounts)):
        account = accounts[strand]
        start, stop = bounds[strand], bounds[strand + 1]
        row = start
        several, whole, squared, most = 0, 0, 0, 0
        for date in range(firsts[strand], lasts[strand]):
            while row < stop and since[row] <= date:
                if row > start and day[row] > day[row - 1]:
                    gap = day[row] - day[row - 1]
                    several += 1
                    whole += gap
                    squared += gap * gap
                    most = max(most, gap)
                row += 1
            count[date, account], total[date, account] = several, whole
            squares[date, account], longest[date, account] = squared, most


@compiled(*_STRANDS, DAYS, INTS, _OUT, _OUT, _OUT, _OUT)
def latest(
    accounts: Any, firsts: Any, lasts: Any, bounds: Any, since: Any, day: Any, values: Any, last_sum: Any,
    last_count: Any, before_sum: Any, before_count: Any,
) -> None:  # fmt: skip
    """Fill in the sum and number of `values` on the latest day with rows, and on the latest day before that."""
    for strand in range(len(accounts)):
        account = accounts[strand]
        start, stop = bounds[strand], bounds[strand + 1]
        row = start
        one_sum, one_count, other_sum, other_count = 0, 0, 0, 0
        for date in range(firsts[strand], lasts[strand]):
            while row < stop and since[row] <= date:
                if row > start and day[row] > day[row - 1]:
                    other_sum, other_count = one_sum, one_count
                    one_sum, one_count = 0, 0
                one_sum += values[row]
                one_count += 1
                row += 1
            last_sum[date, account], last_count[date, account] = one_sum, one_count
            before_sum[date, account], before_count[date, account] = other_sum, other_count


@compiled(*_STRANDS, INTS, _OUT)
def lowest(accounts: Any, firsts: Any, lasts: Any, bounds: Any, since: Any, values: Any, out: Any) -> None:
    """Fill in the smallest of `values`."""
    for strand in range(len(accounts)):
        row, stop = bounds[strand], bounds[strand + 1]
        least = values[row]
        for date in range(firsts[strand], lasts[strand]):
            while row < stop and since[row] <= date:
                least = min(least, values[row])
                row += 1
            if row > bounds[strand]:
                out[date, accounts[strand]] = least


@compiled(INTS, DAYS, DAYS, DAYS, _OUT, _OUT)
def ahead(account: Any, begin: Any, end: Any, day: Any, count: Any, nearest: Any) -> None:
    """Count rows at each date they count at, and lower `nearest` to the earliest of their days."""
    for row in range(len(account)):
        for date in range(begin[row], end[row]):
            count[date, account[row]] += 1
            nearest[date, account[row]] = min(nearest[date, account[row]], day[row])
