from __future__ import annotations

import numpy as np
import pytest

from models.bootstrap import Interval, Resamples, interval, replicates_for


def test_all_rows_of_an_account_are_drawn_together() -> None:
    accounts = np.array(["b", "a", "b", "c"])
    drawn = np.concatenate(list(Resamples(accounts, 200, seed=3).blocks()))
    assert drawn.shape == (200, 4)
    assert (drawn[:, 0] == drawn[:, 2]).all()
    assert (drawn[:, 0] + drawn[:, 1] + drawn[:, 3] == 3).all()
    assert {0.0, 1.0, 2.0, 3.0} == set(np.unique(drawn[:, 1]))


def test_the_same_seed_gives_the_same_draws_whatever_the_order_of_the_rows() -> None:
    accounts = np.array(["a", "b", "c", "d"])
    backwards = accounts[::-1]
    drawn = next(Resamples(accounts, 50, seed=1).blocks())
    again = next(Resamples(backwards, 50, seed=1).blocks())
    other = next(Resamples(accounts, 50, seed=2).blocks())
    assert (drawn == again[:, ::-1]).all()
    assert (drawn != other).any()


def test_blocks_do_not_change_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = np.array(["a", "b", "c", "d"])
    whole = list(Resamples(accounts, 7, seed=1).blocks())
    monkeypatch.setattr("models.bootstrap.ELEMENTS", 12)
    parts = list(Resamples(accounts, 7, seed=1).blocks())
    assert [len(part) for part in parts] == [3, 3, 1]
    assert (np.concatenate(parts) == whole[0]).all()


def test_the_interval_holds_the_middle_95_percent_of_the_replicates() -> None:
    assert interval(20.0, np.arange(41.0)) == Interval(20.0, 1.0, 39.0, 0)


def test_skipped_replicates_are_counted_and_left_out() -> None:
    replicates = np.array([np.nan, *np.arange(41.0)])
    assert interval(20.0, replicates) == Interval(20.0, 1.0, 39.0, skipped=1)


def test_an_interval_needs_half_of_the_replicates() -> None:
    replicates = np.array([np.nan, np.nan, np.nan, 0.4, 0.6])
    assert interval(0.5, replicates) == Interval(0.5, None, None, skipped=3)
    assert interval(None, replicates) == Interval(None, None, None, skipped=3)


def test_the_interval_is_widened_to_hold_its_value() -> None:
    assert interval(0.01, np.full(100, 0.02)) == Interval(0.01, 0.01, 0.02, 0)


def test_the_interval_of_a_mean_agrees_with_theory() -> None:
    """400 accounts with 3 equal rows each: the standard error of the mean is that of 400 draws, not of 1,200."""
    generator = np.random.default_rng(5)
    values = np.repeat(generator.normal(size=400), 3)
    accounts = np.repeat(np.arange(400), 3)
    replicates = np.concatenate(
        [weights @ values / weights.sum(axis=1) for weights in Resamples(accounts, 2000).blocks()]
    )
    assert replicates.std() == pytest.approx(values.std() / 20, rel=0.06)


def test_of_very_many_rows_fewer_replicates_are_drawn() -> None:
    assert [replicates_for(1000, rows) for rows in (0, 5_000, 200_000)] == [1000, 1000, 1000]
    assert [replicates_for(1000, rows) for rows in (400_000, 2_000_000, 30_000_000)] == [500, 100, 100]
    assert replicates_for(200, 400_000) == 200
