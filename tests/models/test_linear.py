"""Curves: one map per feature, whatever its unit, its tail or its holes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from models.linear import fit_logistic, fit_ridge, log_term, terms_for
from models.scorer import Additive

NAMES = ["amount", "holes", "constant", "kind"]


def drawn(rows: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """Return labels and four columns: heavy-tailed, with NaN, constant, and a category of codes 2 and 3."""
    rng = np.random.default_rng(0)
    amount = rng.lognormal(5, 2, rows)
    holes = np.where(rng.random(rows) < 0.3, np.nan, rng.normal(0, 1, rows))
    kind = rng.integers(2, 4, rows).astype(float)
    odds = np.log(amount) - 5 + 1.5 * np.isnan(holes) - 2.0 * (kind == 3)
    label = (rng.random(rows) < 1 / (1 + np.exp(-odds))).astype(np.int8)
    return np.column_stack([amount, holes, np.full(rows, 7.0), kind]), label


def curves(fitted: bytes) -> dict[str, dict[str, Any]]:
    return {term["feature"]: term for term in json.loads(fitted)["terms"]}


def test_the_curves_show_what_matters() -> None:
    matrix, label = drawn()
    terms = terms_for(matrix, NAMES, {"kind": 2})
    fitted = curves(fit_logistic(matrix, label, terms))
    assert sorted(fitted) == ["amount", "holes", "kind"]
    assert (np.diff(fitted["amount"]["levels"]) > 0).all()
    # What is missing is a level of its own, well above the known ones.
    assert fitted["holes"]["missing"] > max(np.abs(fitted["holes"]["levels"])) + 0.5
    assert fitted["kind"]["codes"][2] > fitted["kind"]["codes"][3] + 1


def test_the_scorer_reads_the_curves_as_the_regression_means_them() -> None:
    matrix, label = drawn()
    terms = terms_for(matrix, NAMES, {"kind": 2})
    fitted = json.loads(fit_logistic(matrix, label, terms))
    model = Additive(fitted, NAMES)
    margin = model.margin(matrix)
    # A logistic regression with an intercept reproduces the rate of its training rows.
    assert (1 / (1 + np.exp(-margin))).mean() == pytest.approx(label.mean(), abs=1e-4)
    shares = model.contributions(matrix)
    np.testing.assert_allclose(shares.sum(axis=1), margin, atol=1e-9)
    np.testing.assert_allclose(shares[:, :-1].mean(axis=0), 0, atol=1e-9)


def test_units_do_not_matter() -> None:
    matrix, label = drawn()
    cents = matrix * np.array([100.0, 1.0, 1.0, 1.0])
    one, other = (
        Additive(json.loads(fit_logistic(rows, label, terms_for(rows, NAMES, {"kind": 2}))), NAMES).margin(rows)
        for rows in (matrix, cents)
    )
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_value_beyond_the_training_range_counts_as_the_last_one() -> None:
    matrix, label = drawn()
    model = Additive(json.loads(fit_logistic(matrix, label, terms_for(matrix, NAMES, {"kind": 2}))), NAMES)
    most = matrix[[matrix[:, 0].argmax()]]
    beyond = most * np.array([1e6, 1, 1, 1])
    assert model.margin(beyond)[0] == model.margin(most)[0]


def test_a_few_holes_get_no_indicator_and_count_as_typical() -> None:
    matrix, _ = drawn()
    matrix[:, 1] = np.where(np.arange(len(matrix)) < 19, np.nan, matrix[:, 0])
    term = next(term for term in terms_for(matrix, NAMES, {"kind": 2}) if term.feature == "holes")
    assert not term.missing
    assert term.columns(np.array([np.nan])).tolist() == [[0.0]]


def test_an_unseen_category_counts_as_a_rare_one() -> None:
    matrix, label = drawn()
    model = Additive(json.loads(fit_logistic(matrix, label, terms_for(matrix, NAMES, {"kind": 2}))), NAMES)
    rows = matrix[[0, 0]]
    rows[:, 3] = [0, 1]  # missing, unseen
    assert np.isfinite(model.margin(rows)).all()


def test_the_log_map_learns_its_direction() -> None:
    rng = np.random.default_rng(1)
    days = rng.exponential(60, 2000)
    label = (rng.random(2000) < 1 / (1 + np.exp(np.log1p(days) - 3))).astype(np.int8)
    matrix = days[:, None]
    model = Additive(json.loads(fit_logistic(matrix, label, [log_term(matrix, ["days"], "days")], 1.0)), ["days"])
    low, middle, high = model.margin(np.array([[1.0], [20.0], [200.0]]))
    assert low > middle > high
    assert middle - low == pytest.approx(-(np.log(21) - np.log(2)), rel=0.15)


def test_a_ridge_reproduces_the_mean() -> None:
    matrix, _ = drawn()
    outcome = 2 * np.log1p(matrix[:, 0]) + 1
    fitted = json.loads(fit_ridge(matrix, outcome, [log_term(matrix, NAMES, "amount")], {"more": 1}, alpha=1.0))
    assert fitted["more"] == 1
    margin = Additive(fitted, NAMES).margin(matrix)
    assert margin.mean() == pytest.approx(outcome.mean())
    assert np.corrcoef(margin, outcome)[0, 1] > 0.999


def test_a_weight_counts_like_repeated_rows() -> None:
    matrix, label = drawn(1000)
    weight = np.where(label == 1, 1.0, 3.0)
    terms = terms_for(matrix, NAMES, {"kind": 2})
    weighted = Additive(json.loads(fit_logistic(matrix, label, terms, weight=weight)), NAMES)
    times = weight.astype(int)
    repeated = Additive(json.loads(fit_logistic(matrix.repeat(times, 0), label.repeat(times), terms)), NAMES)
    # Up to the penalty, which looks at the deviation of the rows that are there.
    np.testing.assert_allclose(weighted.margin(matrix), repeated.margin(matrix), atol=0.1)
    means = [sum(at for _, _, at in each.terms(matrix)) for each in (weighted, repeated)]
    assert means[0] == pytest.approx(means[1], abs=0.05)
    assert means[0] < sum(
        at for _, _, at in Additive(json.loads(fit_logistic(matrix, label, terms)), NAMES).terms(matrix)
    )
