"""Boosted trees: early stopping, growing on to a number of rounds, and the same bytes each time."""

from __future__ import annotations

import numpy as np

from models.boosting import MOST_ROUNDS, Growing, default_rounds, parameters
from models.scorer import Trees


def drawn(seed: int, rows: int = 1500) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    matrix = rng.normal(0, 1, (rows, 4))
    label = (rng.random(rows) < 1 / (1 + np.exp(-2 * matrix[:, 0] * (matrix[:, 1] > 0)))).astype(np.int8)
    return matrix, label


def test_rounds_stop_where_other_rows_gain_no_more() -> None:
    trees = Growing(*drawn(0), [], parameters(1500, 1, 0))
    best = trees.stop_early(*drawn(1))
    assert 20 < best < MOST_ROUNDS - 50
    assert trees.rounds == best + 50


def test_noise_stops_early() -> None:
    matrix, label = drawn(0)
    shuffled = np.random.default_rng(3).permutation(label)
    assert Growing(matrix, shuffled, [], parameters(1500, 1, 0)).stop_early(*drawn(1)) < 30


def test_trees_grow_on_to_the_rounds_asked_for() -> None:
    stopped, straight = Growing(*drawn(0), [], parameters(1500, 1, 0)), Growing(*drawn(0), [], parameters(1500, 1, 0))
    stopped.stop_early(*drawn(1), most=10)
    assert stopped.rounds == 10
    assert stopped.text(30) == straight.text(30)
    matrix, _ = drawn(2)
    np.testing.assert_array_equal(stopped.margin(matrix, 30), Trees(straight.text(30).decode(), 1).margin(matrix))


def test_the_text_holds_the_rounds_asked_for_though_more_were_grown() -> None:
    trees = Growing(*drawn(0), [], parameters(1500, 1, 0))
    trees.grow_to(25)
    assert trees.text(5).decode().count("\nTree=") == 5


def test_many_rows_get_larger_trees_than_few() -> None:
    few, many = parameters(2_000, 1, 0), parameters(500_000, 1, 0)
    assert few["num_leaves"] < many["num_leaves"]
    assert few["min_data_in_leaf"] == 20
    assert default_rounds(2_000) < default_rounds(500_000)
    assert few["deterministic"]
    assert few["force_col_wise"]
    assert many["deterministic"]
    assert many["force_row_wise"]


def test_trees_that_find_nothing_to_split_stop_growing() -> None:
    matrix, label = np.array([[0.0], [1.0]]), np.array([0, 1], np.int8)
    trees = Growing(matrix, label, [], parameters(2, 1, 0))
    assert trees.text(30).decode().count("\nTree=") == trees.rounds == 1
    fresh = Growing(matrix, label, [], parameters(2, 1, 0))
    assert fresh.stop_early(matrix, label) == 1
    np.testing.assert_array_equal(fresh.margin(matrix, 30), [0.0, 0.0])


def test_a_row_with_a_weight_pulls_like_so_many_rows() -> None:
    matrix, label = drawn(0)
    other, weight = drawn(1), np.where(label == 0, 4.0, 1.0)
    quiet, heavy = (Growing(matrix, label, [], parameters(1500, 1, 0), each) for each in (None, weight))
    chance = [1 / (1 + np.exp(-trees.margin(matrix, 60))) for trees in (quiet, heavy)]
    assert abs(chance[0].mean() - label.mean()) < 0.02
    assert abs(np.average(chance[1], weights=weight) - np.average(label, weights=weight)) < 0.02
    assert chance[1].mean() < chance[0].mean() - 0.1
    # Where rows that the trees misjudge count a hundred times, more of them is soon worse.
    astray = np.where(other[1] != (other[0][:, 0] * (other[0][:, 1] > 0) > 0), 100.0, 1.0)
    fresh, same = (Growing(matrix, label, [], parameters(1500, 1, 0)) for _ in range(2))
    assert fresh.stop_early(*other, weight=astray) < same.stop_early(*other)


def test_grown_trees_say_the_same_without_their_rows() -> None:
    trees = Growing(*drawn(0), [], parameters(1500, 1, 0))
    trees.grow_to(20)
    kept, (matrix, _) = trees.grown(), drawn(2)
    assert kept.rounds == 20
    for rounds in (7, 20):
        np.testing.assert_array_equal(kept.margin(matrix, rounds), trees.margin(matrix, rounds))
