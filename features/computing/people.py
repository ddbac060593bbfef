"""A compiled pass over strands (see `features.computing.strands`): who of an account's people was heard of, when."""

from __future__ import annotations

from typing import Any

from features.computing.compiled import DAYS, INTS, compiled

_OUT = "Array(int64, 2, 'C')"


@compiled(DAYS, DAYS, DAYS, INTS, DAYS, DAYS, DAYS, DAYS, _OUT, "int64", "int64", *[_OUT] * 4)
def people(
    accounts: Any, firsts: Any, lasts: Any, bounds: Any, since: Any, day: Any, as_ofs: Any, numbers: Any, room: Any,
    window: int, lately: int, main: Any, others: Any, lost: Any, fresh: Any,
) -> None:  # fmt: skip
    """Fill in the last day of the main person, how many rows came after it, and how many people were lost or are new.

    Every row has a number, one per person, for each of which `room` has three places. The main one has most rows within
    `window` days before as_of, of several the one heard of last; `main` stays as it is without one. Lost are those
    heard of within `window` days but not within `lately`, new those first heard of within `lately`.
    """
    counts, latest, first = room[0], room[1], room[2]
    for strand in range(len(accounts)):
        row, stop = bounds[strand], bounds[strand + 1]
        left = row
        found = 0
        for date in range(firsts[strand], lasts[strand]):
            while row < stop and since[row] <= date:
                number = numbers[row]
                if number >= found:
                    counts[number] = 0
                    first[number] = day[row]
                    found = number + 1
                counts[number] += 1
                latest[number] = row
                row += 1
            while left < row and day[left] < as_ofs[date] - window:
                counts[numbers[left]] -= 1
                left += 1
            best = -1
            account = accounts[strand]
            for number in range(found):
                if counts[number] > 0:
                    lost[date, account] += day[latest[number]] < as_ofs[date] - lately
                    fresh[date, account] += first[number] >= as_ofs[date] - lately
                    more = best < 0 or counts[number] > counts[best]
                    if more or (counts[number] == counts[best] and latest[number] > latest[best]):
                        best = number
            if best >= 0:
                main[date, account] = day[latest[best]]
                others[date, account] = row - 1 - latest[best]
