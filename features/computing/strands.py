"""Compiled passes that deal the rows of a table: which as_of dates see which accounts, and rows laid out in strands.

as_of dates are counted from 0; a row counts at the dates `[begin, end)`. A strand is a run of an account's rows, in
their order, for a run of dates `[first, last)`: at each of its dates exactly those rows count whose `since` has come,
and `since` never falls along the strand, so that they are the strand's first so many rows. Mostly an account has one
strand for all dates. Where a row arrives late, is corrected or withdrawn between two of the dates, the account has one
strand before that date and one from it on.
"""

from __future__ import annotations

from typing import Any

from features.computing.compiled import DAYS, INTS, compiled

_OUT = "Array(int64, 1, 'C')"


@compiled(INTS, DAYS, DAYS, "Array(boolean, 2, 'C')")
def mark_seen(account: Any, begin: Any, end: Any, seen: Any) -> None:
    """Mark in `seen`, of shape (dates, accounts), where an account has a row at a date."""
    dates = seen.shape[0]
    row = 0
    while row < len(account):
        owner = account[row]
        earliest = dates  # of the rows that stay
        while row < len(account) and account[row] == owner:
            if end[row] == dates:
                earliest = min(earliest, begin[row])
            else:
                for date in range(begin[row], end[row]):
                    seen[date, owner] = True
            row += 1
        for date in range(earliest, dates):
            seen[date, owner] = True


@compiled(INTS, _OUT, "Array(int32, 1, 'C')")
def deal(codes: Any, free: Any, positions: Any) -> None:
    """Write the positions of the rows with each code into `positions`, ascending, from the code's place in `free` on.

    Negative codes are left out. `free` ends as where each code's positions stop.
    """
    for row in range(len(codes)):
        if codes[row] >= 0:
            positions[free[codes[row]]] = row
            free[codes[row]] += 1


@compiled(
    INTS, DAYS, DAYS, "Array(boolean, 1, 'C')", *["Array(int32, 1, 'C')"] * 3, _OUT, *["Array(int32, 1, 'C')"] * 2
)
def lay_out(  # noqa: PLR0912 - one pass
    account: Any, begin: Any, end: Any, split: Any, owners: Any, firsts: Any, lasts: Any, bounds: Any, rows: Any,
    since: Any,
) -> Any:  # fmt: skip
    """Return how many strands the rows make, and how many rows the strands have in all.

    `account` ascends; a row counts at the dates `[begin, end)`. `split` has a place for each date and one more. The
    other arrays are filled as far as there is room: per strand its account, first and last date, and its bounds in what
    follows; then, strand after strand, the position of each row and since when it counts.
    """
    dates = len(split) - 1
    strands, laid, start = 0, 0, 0
    while start < len(account):
        stop = start
        while stop < len(account) and account[stop] == account[start]:
            stop += 1
        for date in range(dates + 1):
            split[date] = False
        earliest = dates
        for row in range(stop - 1, start - 1, -1):
            if begin[row] < end[row]:
                split[end[row]] = True
                if begin[row] > earliest:  # it arrives after a row that comes later
                    split[begin[row]] = True
                else:
                    earliest = begin[row]
        first = earliest
        while first < dates:
            last = first + 1
            while last < dates and not split[last]:
                last += 1
            before = laid
            for row in range(start, stop):
                if begin[row] < last and end[row] > first and begin[row] < end[row]:
                    if laid < len(rows):
                        rows[laid] = row
                        since[laid] = max(begin[row], first)
                    laid += 1
            if laid > before:
                if strands < len(owners):
                    owners[strands], firsts[strands], lasts[strands] = account[start], first, last
                    bounds[strands + 1] = laid
                strands += 1
            first = last
        start = stop
    return strands, laid


@compiled(INTS, INTS, _OUT, "Array(int32, 1, 'C')", "Array(int32, 1, 'C')")
def number_within(bounds: Any, codes: Any, strand_of: Any, number_of: Any, numbers: Any) -> Any:
    """Number each row's code within its strand, from 0 in order of appearance (-1: no code, a negative one); return the
    most that any strand has.

    `strand_of` (filled with -1) and `number_of` have a place for each code.
    """
    most = 0
    for strand in range(len(bounds) - 1):
        found = 0
        for row in range(bounds[strand], bounds[strand + 1]):
            code = codes[row]
            numbers[row] = -1
            if code >= 0:
                if strand_of[code] != strand:
                    strand_of[code] = strand
                    number_of[code] = found
                    found += 1
                numbers[row] = number_of[code]
        most = max(most, found)
    return most
