"""Compiled passes that deal the rows of a table: which as_of dates see which accounts, and rows laid out in strands.

as_of dates are counted from 0; a row counts at the dates `[begin, end)`. A strand is a run of an account's rows, in
their order, for a run of dates `[first, last)`: at each of its dates exactly those rows count whose `since` has come,
and `since` never falls along the strand, so that they are the strand's first so many rows. Mostly an account has one
strand for all dates. Where a row arrives late, is corrected or withdrawn between two of the dates, the account has one
strand before that date and one from it on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from features.computing.compiled import DAYS, INTS, compiled


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


@compiled(INTS, "int64")
def deal(codes: Any, texts: int) -> Any:
    """Return the positions of the rows with each code in turn, ascending, and where each code's begin.

    Codes outside `[0, texts)` are left out.
    """
    starts = np.zeros(texts + 1, np.int64)
    for code in codes:
        if 0 <= code < texts:
            starts[code + 1] += 1
    for code in range(texts):
        starts[code + 1] += starts[code]
    free = starts.copy()
    positions = np.empty(starts[texts], np.int32)
    for row in range(len(codes)):
        code = codes[row]
        if 0 <= code < texts:
            positions[free[code]] = row
            free[code] += 1
    return positions, starts


@compiled(DAYS, INTS, DAYS, DAYS, "int64")
def lay_out(picked: Any, account: Any, begin: Any, end: Any, dates: int) -> Any:  # noqa: PLR0912 - one pass
    """Return the strands of the picked rows: per strand its account, first and last date, and bounds in what follows;
    then, strand after strand, the rows (as places in `picked`) and since when each counts.

    `picked` are positions in `account`, ascending; `begin` and `end` go with `picked`.
    """
    split = np.zeros(dates + 1, np.bool_)
    owners = firsts = lasts = rows = since = np.empty(0, np.int32)
    bounds = np.empty(0, np.int64)
    for filling in (False, True):
        strands, laid = 0, 0
        start = 0
        while start < len(picked):
            owner = account[picked[start]]
            stop = start
            while stop < len(picked) and account[picked[stop]] == owner:
                stop += 1
            split[:] = False
            earliest = dates
            for place in range(stop - 1, start - 1, -1):
                if begin[place] < end[place]:
                    if end[place] < dates:
                        split[end[place]] = True
                    if begin[place] > earliest:  # it arrives after a row that comes later
                        split[begin[place]] = True
                    else:
                        earliest = begin[place]
            first = earliest
            while first < dates:
                last = first + 1
                while last < dates and not split[last]:
                    last += 1
                before = laid
                for place in range(start, stop):
                    if begin[place] < end[place] and begin[place] < last and end[place] > first:
                        if filling:
                            rows[laid] = place
                            since[laid] = max(begin[place], first)
                        laid += 1
                if laid > before:
                    if filling:
                        owners[strands], firsts[strands], lasts[strands] = owner, first, last
                        bounds[strands + 1] = laid
                    strands += 1
                first = last
            start = stop
        if not filling:
            owners, firsts, lasts = (
                np.empty(strands, np.int32),
                np.empty(strands, np.int32),
                np.empty(strands, np.int32),
            )
            bounds = np.zeros(strands + 1, np.int64)
            rows, since = np.empty(laid, np.int32), np.empty(laid, np.int32)
    return owners, firsts, lasts, bounds, rows, since


@compiled(INTS, INTS, "int64")
def number_within(bounds: Any, codes: Any, texts: int) -> Any:
    """Return each row's code numbered within its strand, from 0 in order of appearance (-1: no code), and the most that
    any strand has.

    Codes lie in `[0, texts)`, or are negative for none.
    """
    strand_of = np.full(texts, -1, np.int64)
    number_of = np.zeros(texts, np.int32)
    numbers = np.full(len(codes), -1, np.int32)
    most = 0
    for strand in range(len(bounds) - 1):
        found = 0
        for row in range(bounds[strand], bounds[strand + 1]):
            code = codes[row]
            if code >= 0:
                if strand_of[code] != strand:
                    strand_of[code] = strand
                    number_of[code] = found
                    found += 1
                numbers[row] = number_of[code]
        most = max(most, found)
    return numbers, most
