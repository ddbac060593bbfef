"""Rows laid out over dates, on a handful of rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from features.computing import strands
from features.computing.picking import Picked
from features.computing.selection import lay_out


def ints(*values: int) -> Any:
    return np.array(values, dtype=np.int64)


def days(*values: int) -> Any:
    return np.array(values, dtype=np.int32)


def laid_out(dates: int, *rows: tuple[int, int, int]) -> list[tuple[int, int, int, list[tuple[int, int]]]]:
    """Return each strand as (account, first date, last date, [(row, since)]), of rows (account, begin, end)."""
    account, begin, end = zip(*rows, strict=True)
    picked = Picked(days(*range(len(rows))), days(*begin), days(*end))
    (owners, firsts, lasts, bounds, since), places = lay_out(ints(*account), picked, dates)
    return [
        (
            int(owners[n]),
            int(firsts[n]),
            int(lasts[n]),
            [(int(places[row]), int(since[row])) for row in range(bounds[n], bounds[n + 1])],
        )
        for n in range(len(owners))
    ]


def test_rows_that_stay_in_the_order_they_came_make_one_strand_per_account() -> None:
    found = laid_out(3, (0, 0, 3), (0, 1, 3), (0, 1, 3), (2, 2, 3))
    assert found == [(0, 0, 3, [(0, 0), (1, 1), (2, 1)]), (2, 2, 3, [(3, 2)])]


def test_a_row_that_arrives_after_later_ones_starts_a_new_strand() -> None:
    found = laid_out(3, (0, 0, 3), (0, 2, 3), (0, 1, 3))
    assert found == [(0, 0, 2, [(0, 0), (2, 1)]), (0, 2, 3, [(0, 2), (1, 2), (2, 2)])]


def test_a_row_that_is_withdrawn_ends_a_strand() -> None:
    found = laid_out(3, (0, 0, 1), (0, 0, 3))
    assert found == [(0, 0, 1, [(0, 0), (1, 0)]), (0, 1, 3, [(1, 1)])]


def test_where_nothing_counts_there_is_no_strand() -> None:
    assert laid_out(3, (0, 2, 2), (0, 3, 3), (1, 0, 1)) == [(1, 0, 1, [(2, 0)])]


def test_accounts_are_seen_at_the_dates_of_any_of_their_rows() -> None:
    seen = np.zeros((4, 3), dtype=bool)
    strands.mark_seen(ints(0, 0, 2), days(0, 3, 2), days(1, 4, 4), seen)
    assert seen.T.tolist() == [[True, False, False, True], [False] * 4, [False, False, True, True]]


def test_rows_are_dealt_by_code_nulls_left_out() -> None:
    free, positions = ints(0, 2), days(-1, -1, -1)
    strands.deal(ints(1, 0, -5, 0), free, positions)
    assert positions.tolist() == [1, 3, 0]


def test_codes_are_numbered_anew_in_each_strand() -> None:
    numbers = days(0, 0, 0, 0, 0, 0)
    most = strands.number_within(ints(0, 4, 6), ints(7, 3, 7, -1, 3, 3), np.full(8, -1), days(*[0] * 8), numbers)
    assert (most, numbers.tolist()) == (2, [0, 1, 0, -1, 0, 0])
