"""What it would take to tell."""

from __future__ import annotations

import numpy as np
import pytest

from models.area import Area
from models.small.needed import needed


def test_the_sample_size_of_the_textbook() -> None:
    """One in ten: (1.96 + .84) x error at .65 = .15 gives about 30 accounts with the outcome."""
    assert needed(90, 10, 10.0).accounts == pytest.approx(30, abs=1)
    assert needed(900, 100, 10.0).accounts == pytest.approx(30, abs=1)


def test_a_larger_error_takes_more_and_a_smaller_one_is_not_believed() -> None:
    plain = needed(180, 20, 10.0).accounts
    wide = Area(0.6, 0.12, (180, 20), np.zeros(0))
    lucky = Area(0.6, 0.01, (180, 20), np.zeros(0))
    assert needed(180, 20, 10.0, wide).accounts == pytest.approx(20 * (2.8 * 0.12 / 0.15) ** 2, rel=0.02)
    assert needed(180, 20, 10.0, lucky).accounts == plain


def test_it_is_said_in_accounts_and_months() -> None:
    said = needed(170, 18, 5.0).words
    assert said.startswith("To tell an AUC of .65 from chance, four times in five, takes about 29 accounts")
    assert "there are 18. That is about 4 months more, or 1.6 times as many accounts." in said


def test_with_enough_there_is_less_to_tell() -> None:
    takes = needed(900, 100, 12.0, Area(0.5, 0.03, (900, 100), np.zeros(0)))
    assert (takes.enough, takes.more_months) == (True, 0)
    assert "would most likely have shown" in takes.words


def test_without_an_outcome_there_is_no_pace() -> None:
    takes = needed(60, 0, 6.0)
    assert takes.more_months is None
    assert takes.words.endswith("there are 0.")
    assert takes.plain()["found"] == 0
