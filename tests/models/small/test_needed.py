"""What it would take to tell."""

from __future__ import annotations

import numpy as np
import pytest

from models.area import Area
from models.small.needed import needed


def test_the_sample_size_of_the_textbook() -> None:
    """One in ten: (1.96 + .84) x error at .65 = .15 gives about 30 accounts with the outcome."""
    assert needed(90, 10).accounts == pytest.approx(30, abs=1)
    assert needed(900, 100).accounts == pytest.approx(30, abs=1)


def test_a_larger_error_takes_more_and_a_smaller_one_is_not_believed() -> None:
    plain = needed(180, 20).accounts
    wide = Area(0.6, 0.12, (180, 20), np.zeros(0))
    lucky = Area(0.6, 0.01, (180, 20), np.zeros(0))
    assert needed(180, 20, wide).accounts == pytest.approx(20 * (2.8 * 0.12 / 0.15) ** 2, rel=0.02)
    assert needed(180, 20, lucky).accounts == plain


def test_it_is_said_in_accounts_and_in_no_months_that_bring_none() -> None:
    said = needed(170, 18).words
    assert said.startswith("To tell an AUC of .65 from chance, four times in five, takes about 29 accounts")
    assert said.endswith("there are 18. That is about 1.6 times as many: more accounts, or a longer history.")
    in_time = needed(170, 18, in_time=True).words
    assert in_time.endswith("more accounts, or more test dates ([evaluate] n_folds, or folds).")


def test_with_enough_there_is_less_to_tell() -> None:
    takes = needed(900, 100, Area(0.5, 0.03, (900, 100), np.zeros(0)))
    assert takes.enough
    assert "would most likely have shown" in takes.words


def test_without_an_outcome_a_rate_of_one_in_ten_is_supposed() -> None:
    takes = needed(60, 0)
    assert takes.accounts == needed(90, 10).accounts
    assert takes.words.endswith("there are 0.")
    assert takes.plain()["found"] == 0
