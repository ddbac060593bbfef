"""What a margin loses once it is calibrated: each half of the accounts by what the other half says."""

from __future__ import annotations

import numpy as np
import pytest

from models.choosing.losses import halves, row_losses


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
