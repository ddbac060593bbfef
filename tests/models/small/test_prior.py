"""Few coefficients, held near nothing and on the side the business expects."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.special import expit

from models.rows import Encoded
from models.scorer import Additive
from models.small.prior import Prior, fit, witnesses


def book(seed: int = 0, accounts: int = 400, slope: float = 1.0) -> Encoded:
    generator = np.random.default_rng(seed)
    numbers = generator.normal(size=(accounts, 2))
    label = (generator.random(accounts) < expit(slope * numbers[:, 0] - 1.5)).astype(np.int8)
    return Encoded(numbers, label, ("speaks", "noise"), {})


def slope_of(made: bytes, name: str) -> float:
    curve = next(term for term in json.loads(made)["terms"] if term["feature"] == name)
    return curve["levels"][-1] - curve["levels"][0]


def test_what_speaks_in_its_direction_is_heard_and_against_it_is_not() -> None:
    rows = book()
    assert slope_of(fit(rows, [Prior("speaks", 1)], 1.0), "speaks") > 2
    assert slope_of(fit(rows, [Prior("speaks", -1)], 1.0), "speaks") == 0.0
    assert slope_of(fit(rows, [Prior("speaks", 0)], 1.0), "speaks") > 2


def test_the_less_rows_count_the_nearer_the_prior_holds() -> None:
    rows = book()
    slopes = [slope_of(fit(rows, [Prior("speaks", 1)], counts), "speaks") for counts in (1.0, 0.1, 0.01)]
    assert slopes[0] > slopes[1] > slopes[2] > 0
    led = fit(rows, [Prior("noise", 1, mean=0.3)], 1e-6)
    assert slope_of(led, "noise") > 1  # nothing but the prior: .3 over three deviations either way


def test_a_rule_keeps_its_direction_whatever_the_outcomes_say() -> None:
    rows = book(slope=-2.0)
    assert slope_of(fit(rows, [Prior("speaks", 1, mean=0.3, least=0.05)], 1.0), "speaks") > 0.2


def test_the_mean_probability_is_the_rate_and_without_features_all_there_is() -> None:
    rows = book()
    for priors in ([Prior("speaks", 1), Prior("noise", 1)], []):
        probability = expit(Additive(json.loads(fit(rows, priors, 1.0)), list(rows.names)).margin(rows.matrix))
        assert probability.mean() == pytest.approx(rows.label.mean(), abs=0.01)


def test_what_is_not_known_counts_as_the_middle() -> None:
    rows = book()
    rows.numbers[:30, 0] = np.nan
    additive = Additive(json.loads(fit(rows, [Prior("speaks", 1)], 1.0)), list(rows.names))
    unknown, middle = additive.margin(np.array([[np.nan, 0.0], [np.nanmedian(rows.numbers[:, 0]), 0.0]]))
    assert unknown == pytest.approx(middle, abs=0.05)


def test_rows_of_one_account_count_as_one_witness() -> None:
    label, accounts = np.array([1, 1, 1, 0, 0, 0, 0, 0], np.int8), np.array(list("aaabbcdd"), dtype=object)
    assert witnesses(label, accounts) == pytest.approx(1 / 3)
