"""The AUC of one column within each as_of, with an error that takes an account's rows together."""

from __future__ import annotations

import numpy as np
import pytest

from models.leaks.strength import Strength, strength


def told(values: list[float], label: list[int], as_of: list[int] | None = None, **more: bool) -> Strength:
    up = np.array(label) == 1
    days = np.zeros(len(label), int) if as_of is None else np.array(as_of)
    return strength(np.array(values), up, ~up, days, np.arange(len(label)), **more)


def test_ties_count_half() -> None:
    assert told([1, 2, 2, 3], [0, 0, 1, 1]).auc == pytest.approx(3.5 / 4)


def test_a_column_may_point_downwards_unless_it_is_directed() -> None:
    assert told([3, 2, 1, 0], [0, 0, 1, 1]).auc == 1.0
    assert told([3, 2, 1, 0], [0, 0, 1, 1], directed=True).auc == 0.0


def test_rows_are_compared_within_their_date_only() -> None:
    # Everything is higher on the second date, on which most leave.
    assert told([1, 2, 11, 12, 13, 14], [0, 1, 1, 0, 1, 0], [0, 0, 1, 1, 1, 1]).auc == pytest.approx(1 - 2 / 5)


def test_what_is_unknown_is_left_out() -> None:
    found = told([1, np.nan, 2, np.nan], [0, 0, 1, 1])
    assert (found.auc, found.rows, found.accounts) == (1.0, 2, 1)


def test_a_perfect_column_of_few_accounts_proves_little() -> None:
    few = told([*range(10)], [0] * 5 + [1] * 5)
    assert few.low(2.0) == pytest.approx(5 / 9)


def test_copies_of_a_row_add_no_certainty() -> None:
    draw = np.random.default_rng(0)
    values, up = draw.normal(size=60), draw.random(60) < 0.5
    once = strength(values, up, ~up, np.zeros(60, int), np.arange(60))
    twice = strength(
        np.tile(values, 2), np.tile(up, 2), ~np.tile(up, 2), np.repeat([0, 1], 60), np.tile(np.arange(60), 2)
    )
    assert twice.error == pytest.approx(once.error)
