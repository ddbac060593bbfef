"""The one-standard-error rule: differences paired by row, errors by account, the simplest within."""

from __future__ import annotations

import numpy as np
import pytest

from models.choosing.candidates import Candidate
from models.choosing.rule import clustered_error, halves, row_losses, simplest, standing

RULE, CURVES, TREES = (Candidate(name, level, ()) for level, name in enumerate(("rule", "curves", "trees")))


def test_the_error_of_a_difference_counts_accounts_and_not_rows() -> None:
    difference, accounts = np.array([1.0, -1.0, 1.0, -1.0]), np.array([0, 1, 2, 3])
    # Four accounts: sqrt(4/3 x 4) / 4.
    assert clustered_error(difference, accounts, np.ones(4)) == pytest.approx(np.sqrt(16 / 3) / 4)
    # The same rows three times over, as of three dates, tell nothing more.
    often = clustered_error(np.tile(difference, 3), np.tile(accounts, 3), np.ones(12))
    assert often == pytest.approx(np.sqrt(16 / 3) / 4)
    # One account alone says nothing of others.
    assert clustered_error(difference, np.zeros(4, dtype=int), np.ones(4)) == np.inf


def test_a_row_that_counts_twice_is_two_rows_of_its_account() -> None:
    twice = clustered_error(np.array([1.0, 1.0, 0.0]), np.array([0, 0, 1]), np.ones(3))
    assert clustered_error(np.array([1.0, 0.0]), np.array([0, 1]), np.array([2.0, 1.0])) == pytest.approx(twice)


@pytest.mark.parametrize(
    ("curves", "trees", "chosen"),
    [
        ([0.2, 0.4] * 4, [0.2, 0.4] * 4, "curves"),
        # .01 behind with an error of .04: as good, and simpler.
        ([0.2, 0.3] * 4, [0.29, 0.19] * 4, "curves"),
        # .01 behind on every row: paired, that is certain, though the losses themselves vary by .1.
        ([0.21, 0.41] * 4, [0.2, 0.4] * 4, "trees"),
    ],
)
def test_the_simplest_within_a_standard_error_of_the_best_is_chosen(
    curves: list[float], trees: list[float], chosen: str
) -> None:
    losses = {TREES: np.array(trees), CURVES: np.array(curves), RULE: np.full(8, 0.9)}
    stood, base = standing(losses, np.full(8, 0.95), np.arange(8))
    assert [each.candidate.name for each in stood] == ["rule", "curves", "trees"]
    assert simplest(stood, base).candidate.name == chosen


@pytest.mark.parametrize(("gain", "chosen"), [(0.15, "rule"), (0.25, "trees")])
def test_where_the_best_is_not_two_errors_beyond_the_base_rate_the_simplest_serves(gain: float, chosen: str) -> None:
    # A deviation of .3 over nine accounts gives an error of .1: the best is 1.5 or 2.5 errors beyond.
    base = np.full(9, 0.5)
    trees = base - gain + 0.3 * np.array([1, -1, 1, -1, 1, -1, 1, -1, 0])
    stood, beside = standing({RULE: base + 0.4, TREES: trees}, base, np.arange(9))
    assert beside.behind / beside.error == pytest.approx(gain / 0.1)
    assert simplest(stood, beside).candidate.name == chosen


def test_of_equally_simple_ones_the_smallest_loss_decides() -> None:
    other = Candidate("other trees", 2, ())
    losses = {TREES: np.array([0.2, 0.3] * 4), other: np.array([0.29, 0.2] * 4), RULE: np.full(8, 0.9)}
    stood, base = standing(losses, np.full(8, 0.95), np.arange(8))
    assert simplest(stood, base).candidate == other


def test_halves_are_of_accounts_in_the_order_of_their_ids() -> None:
    account, half = halves(np.array(["c", "a", "b", "a"]))
    assert account.tolist() == [2, 0, 1, 0]
    assert half.tolist() == [True, True, False, True]


def test_losses_are_squared_errors_of_what_the_other_half_calibrates() -> None:
    # Of either half, margin 0 has label 1 in one of four rows and margin 1 in three of four.
    margin = np.tile(np.repeat([0.0, 1.0], 4), 2)
    label = np.tile(np.array([1, 0, 0, 0, 1, 1, 1, 0], dtype=np.int8), 2)
    losses = row_losses(margin, label, np.arange(16) < 8)
    assert losses[:2] == pytest.approx([0.75**2, 0.25**2], abs=1e-3)
    np.testing.assert_allclose(losses[:8], losses[8:])


def test_a_margin_that_knows_one_half_by_heart_earns_nothing_in_the_other() -> None:
    label = np.tile(np.array([0, 1], dtype=np.int8), 200)
    half = np.arange(400) < 200
    learnt = np.where(half, label - 0.5, 0.5 - label)  # right in one half, wrong way round in the other
    assert row_losses(learnt, label, half).mean() > row_losses(np.zeros(400), label, half).mean()


def test_where_a_half_has_one_class_all_rows_calibrate_all() -> None:
    label = np.array([0, 0, 0, 1, 1, 0], dtype=np.int8)
    losses = row_losses(np.zeros(6), label, np.array([True, True, True, False, False, False]))
    assert losses.mean() == pytest.approx(1 / 3 * 2 / 3, abs=1e-3)
