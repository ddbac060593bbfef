"""Each compiled pass on one account with rows on days 1, 9 and 15, the last of them known at the second date only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from features.computing import passes


def ints(*values: int) -> Any:
    return np.array(values, dtype=np.int64)


def days(*values: int) -> Any:
    return np.array(values, dtype=np.int32)


AS_OFS = days(10, 20)
DAY = days(1, 9, 15)
STRANDS = (days(1), days(0), days(2), ints(0, 3), days(0, 0, 1))
"""One strand, of the second of two accounts."""


def outs(count: int, fill: int = 0, dtype: Any = np.int64) -> list[Any]:
    return [np.full((2, 2), fill, dtype=dtype) for _ in range(count)]


def of_account(*found: Any) -> list[list[float]]:
    """Return the second account's figures at both dates; the first one's stay as they were."""
    return [figures[:, 1].tolist() for figures in found]


@pytest.mark.parametrize(
    ("back", "positions"),
    [(0, [2, 3]), (1, [1, 3]), (2, [1, 3]), (5, [1, 2]), (9, [0, 2]), (11, [0, 1]), (19, [0, 0])],
)
def test_an_edge_parts_the_rows_before_a_day_from_those_on_it_and_after(back: int, positions: list[int]) -> None:
    (edge,) = outs(1, dtype=np.int32)
    passes.find_edge(*STRANDS, DAY, AS_OFS, back, edge)
    assert of_account(edge) == [positions]


@pytest.mark.parametrize(("window", "count"), [(1, [1, 0]), (5, [1, 1]), (9, [2, 1]), (11, [2, 2]), (100, [2, 2])])
def test_values_are_counted_once_by_their_latest_row(window: int, count: list[int]) -> None:
    (out,) = outs(1)
    passes.distinct(*STRANDS, DAY, AS_OFS, days(0, 1, 0), ints(0, 0), window, out)
    assert of_account(out) == [count]


def test_rows_without_a_value_are_not_counted() -> None:
    (out,) = outs(1)
    passes.distinct(*STRANDS, DAY, AS_OFS, days(-1, 0, -1), ints(0), 100, out)
    assert of_account(out) == [[1, 1]]


def test_the_largest_sum_is_of_the_rows_in_the_window() -> None:
    top, total = outs(2)
    passes.largest(*STRANDS, DAY, AS_OFS, days(0, 1, 0), ints(0, 0), ints(5, 3, 4), 11, top, total)
    assert of_account(top, total) == [[5, 4], [8, 7]]


def test_weights_halve_with_each_day_of_age() -> None:
    weights = 2.0 ** -np.arange(20)
    (out,) = outs(1, dtype=np.float64)
    passes.decayed(*STRANDS, DAY, AS_OFS, weights, ints(1, 1, 1), 1.0, out)
    assert of_account(out) == [[2**-9 + 2**-1, 2**-19 + 2**-11 + 2**-5]]
    passes.decayed(*STRANDS, DAY, AS_OFS, weights, ints(0, 30, 40), 10.0, out)
    assert of_account(out) == [[3 * 2**-1, 3 * 2**-11 + 4 * 2**-5]]


def test_gaps_lie_between_different_days() -> None:
    rows = (days(1), days(0), days(2), ints(0, 4), days(0, 0, 0, 1))
    count, total, squares, longest = outs(4)
    passes.gaps(*rows, days(1, 9, 9, 15), count, total, squares, longest)
    assert of_account(count, total, squares, longest) == [[1, 2], [8, 14], [64, 100], [8, 8]]


def test_the_latest_day_and_the_one_before() -> None:
    rows = (days(1), days(0), days(2), ints(0, 3), days(0, 0, 1))
    found = outs(4)
    passes.latest(*rows, days(1, 9, 9), ints(7, 3, 4), *found)
    assert of_account(*found) == [[3, 7], [1, 2], [7, 7], [1, 1]]


def test_the_lowest_value_falls_as_rows_arrive() -> None:
    (out,) = outs(1, fill=-1)
    passes.lowest(*STRANDS, ints(30, 40, 20), out)
    assert of_account(out) == [[30, 20]]


def test_what_lies_ahead_is_counted_while_it_does() -> None:
    count, nearest = outs(2, fill=99)
    count[:] = 0
    passes.ahead(ints(1, 1), days(0, 0), days(1, 2), days(25, 22), count, nearest)
    assert of_account(count, nearest) == [[2, 1], [22, 22]]
    assert (count[:, 0].tolist(), nearest[:, 0].tolist()) == ([0, 0], [99, 99])
