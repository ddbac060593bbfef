"""The expected increment given growth: right in total, bounded by what was observed."""

from __future__ import annotations

import json

import numpy as np
import pytest

from models.increment import fit_increment
from models.manifest import FittedModel
from models.scorer import Additive

NAMES = ["seats"]


def expected(fitted: bytes, seats: np.ndarray, base: np.ndarray) -> np.ndarray:
    data = json.loads(fitted)
    margin = Additive(data, [*NAMES, "base"]).margin(np.column_stack([seats, base]))
    return np.clip(np.exp(margin) * data["smearing"], data["lowest"], data["highest"])


def grown(rows: int = 2000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return seats, base and increments: half of base at 50 seats, 1 % more per seat, with noise of mean 1."""
    rng = np.random.default_rng(0)
    seats = rng.uniform(0, 100, rows)
    base = rng.lognormal(6, 1, rows)
    return seats, base, base * 0.5 * 1.01 ** (seats - 50) * rng.lognormal(-0.125, 0.5, rows)


def test_it_follows_the_base_and_the_features() -> None:
    seats, base, increment = grown()
    fitted = fit_increment(seats[:, None], base, increment, NAMES, {})
    few, many, larger = expected(fitted, np.array([20.0, 80.0, 20.0]), np.array([400.0, 400.0, 1200.0]))
    assert few == pytest.approx(148, rel=0.15)  # 400 x 0.5 x 0.74
    assert many == pytest.approx(270, rel=0.15)  # 400 x 0.5 x 1.35
    assert larger == pytest.approx(445, rel=0.15)  # 1200 x 0.5 x 0.74


def test_the_total_is_about_the_observed_one() -> None:
    seats, base, increment = grown()
    data = json.loads(fit_increment(seats[:, None], base, increment, NAMES, {}))
    margin = Additive(data, [*NAMES, "base"]).margin(np.column_stack([seats, base]))
    assert (np.exp(margin) * data["smearing"]).sum() == pytest.approx(increment.sum(), rel=0.05)
    # The mean of logs falls short of the log of the mean: without the factor the total would too.
    assert data["smearing"] > 1.05


def test_it_stays_within_the_increments_seen() -> None:
    seats, base, increment = grown()
    fitted = fit_increment(seats[:, None], base, increment, NAMES, {})
    low, high = expected(fitted, np.array([0.0, 100.0]), np.array([0.0, 1e12]))
    assert increment.min() <= low
    assert high <= increment.max()


def test_a_handful_of_growing_accounts_is_enough_for_the_base_alone() -> None:
    seats, base, increment = (column[:5] for column in grown())
    fitted = fit_increment(seats[:, None], base, increment, NAMES, {})
    assert [term["feature"] for term in json.loads(fitted)["terms"]] == ["base"]
    assert np.isfinite(expected(fitted, seats, base)).all()


def test_growth_of_nothing_is_no_increment() -> None:
    fitted = fit_increment(np.zeros((40, 1)), np.ones(40), np.zeros(40), NAMES, {})
    assert expected(fitted, np.zeros(1), np.ones(1))[0] == 0.0


def test_the_scorer_gives_the_same_increment(upsell_model: FittedModel) -> None:
    scorer = upsell_model.scorer
    row = np.array([[1.0, 4.0, 400.0, 30.0, 3.0]])
    small, large = (scorer.increment(row, np.array([base]))[0] for base in (100.0, 200.0))
    assert large == pytest.approx(2 * small, rel=0.1)
