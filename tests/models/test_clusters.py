"""How many rows of accounts that stand once tell as much."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, t

from models.clusters import effective_rows


def sureness(accounts: int) -> float:
    return float(norm.ppf(0.975) / t.ppf(0.975, accounts - 1)) ** 2


def test_rows_of_accounts_that_always_agree_count_once_per_account() -> None:
    label, accounts = np.repeat([1, 0, 0, 0, 0], 6), np.repeat(np.arange(5), 6)
    assert effective_rows(label, accounts) == pytest.approx(4 * sureness(5))  # 5, less one for the rate itself


def test_rows_of_different_accounts_count_fully_but_for_what_the_variance_is_not_known() -> None:
    label = np.array([1, 0, 0, 0] * 25)
    assert effective_rows(label, np.arange(100)) == pytest.approx(99 * sureness(100))


def test_rows_are_never_worth_more_than_they_are() -> None:
    label, accounts = np.array([1, 0] * 50), np.repeat(np.arange(50), 2)  # every account's rate is the same
    assert effective_rows(label, accounts) == pytest.approx(100 * sureness(50))


def test_where_all_labels_agree_each_account_counts_once() -> None:
    assert effective_rows(np.zeros(12), np.repeat(["a", "b", "c"], 4)) == 3.0
    assert effective_rows(np.ones(5), np.repeat("a", 5)) == 1.0
    assert effective_rows(np.empty(0), np.empty(0)) == 0.0
