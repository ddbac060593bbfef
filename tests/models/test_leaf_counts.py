"""Counts by weight: contributions are measured from the mean of the rows stood for; predictions stay as they are."""

from __future__ import annotations

import re

import lightgbm as lgb
import numpy as np
import pytest

from models.boosting import Growing, parameters
from models.leaf_counts import WHOLE, weighted_counts
from models.scorer import Trees

ROUNDS = 30


def drawn() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows with label 1 and a tenth of the others, which count ten times; a category and gaps among the features."""
    rng = np.random.default_rng(0)
    matrix = rng.normal(0, 1, (9000, 4))
    matrix[:, 3] = rng.integers(0, 6, 9000)
    label = (rng.random(9000) < 1 / (1 + np.exp(3 - 2 * matrix[:, 0] - (matrix[:, 3] == 2)))).astype(np.int8)
    matrix[rng.random(9000) < 0.2, 1] = np.nan
    kept = (label == 1) | (rng.random(9000) < 0.1)
    return matrix[kept], label[kept], np.where(label[kept] == 1, 1.0, 10.0)


@pytest.fixture(scope="module")
def grown() -> bytes:
    matrix, label, weight = drawn()
    return Growing(matrix, label, [3], parameters(len(label), 1, 0), weight).text(ROUNDS)


def test_contributions_are_measured_from_the_weighted_mean(grown: bytes) -> None:
    matrix, _, weight = drawn()
    before, after = (Trees(text.decode(), 1) for text in (grown, weighted_counts(grown, matrix, weight, 1)))
    mean = np.average(before.margin(matrix), weights=weight)
    assert abs(before.contributions(matrix[:1])[0, -1] - mean) > 0.3
    shares = after.contributions(matrix[:200])
    np.testing.assert_allclose(shares[:, -1], mean, atol=1e-7)
    np.testing.assert_allclose(shares.sum(axis=1), after.margin(matrix[:200]), atol=1e-9)


def test_predictions_stay_the_same_to_the_bit(grown: bytes) -> None:
    matrix, _, weight = drawn()
    before, after = (Trees(text.decode(), 1) for text in (grown, weighted_counts(grown, matrix, weight, 1)))
    np.testing.assert_array_equal(before.margin(matrix), after.margin(matrix))


def test_nothing_but_counts_and_the_sizes_of_trees_changes(grown: bytes) -> None:
    matrix, _, weight = drawn()
    counts = re.compile(rb"(?m)^(leaf_count|internal_count|tree_sizes)=.*$")
    renewed = weighted_counts(grown, matrix, weight, 1)
    assert counts.sub(b"", renewed) == counts.sub(b"", grown)
    sizes = re.search(rb"(?m)^tree_sizes=(.*)$", renewed)
    written = renewed[renewed.index(b"Tree=0") : renewed.index(b"end of trees")]
    assert sizes is not None
    assert sum(map(int, sizes[1].split())) == len(written)
    roots = [tree["tree_structure"]["internal_count"] for tree in _read(renewed)]
    assert len(roots) == ROUNDS
    assert roots == pytest.approx([WHOLE] * ROUNDS, abs=10)


def test_weights_of_one_leave_the_mean_of_the_rows(grown: bytes) -> None:
    matrix, _, _ = drawn()
    even = Trees(weighted_counts(grown, matrix, np.ones(len(matrix)), 1).decode(), 1)
    assert even.contributions(matrix[:1])[0, -1] == pytest.approx(even.margin(matrix).mean(), abs=1e-7)


def test_a_tree_of_one_leaf_is_left_as_it_is() -> None:
    matrix = np.array([[0.0], [1.0]])
    lone = Growing(matrix, np.array([0, 1]), [], parameters(2, 1, 0)).text(1)
    assert weighted_counts(lone, matrix, np.array([1.0, 5.0]), 1) == lone


def _read(text: bytes) -> list[dict]:
    return lgb.Booster(model_str=text.decode()).dump_model()["tree_info"]
