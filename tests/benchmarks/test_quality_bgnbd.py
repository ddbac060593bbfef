"""BG/NBD and Gamma-Gamma say what their authors published of the CDNOW buyers, and find parameters again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from quality.contenders.bgnbd import BgNbd, GammaGamma, Purchases, fit_bgnbd, fit_gamma_gamma, purchases

CDNOW = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
"""Fader, Hardie and Lee (2005), in weeks."""
CDNOW_AMOUNTS = GammaGamma(p=6.25, q=3.74, gamma=15.44)
"""Fader and Hardie (2013)."""


def told(x: float, last: float, watched: float, mean: float = 0.0) -> Purchases:
    return Purchases(*(np.array([value]) for value in (x, last, watched, mean)))


def test_the_published_expectation_of_a_cdnow_buyer() -> None:
    """Two repeat purchases, the last in week 30.43 of 38.86: 1.226 expected in the next 39 weeks."""
    assert CDNOW.expected(told(2, 30.43, 38.86), 39.0)[0] == pytest.approx(1.226, abs=0.001)


def test_the_published_expected_amounts() -> None:
    """24.65 for two repeats of 22.35 on average, 71.46 for seven of 73.74, 35.17 for who never came again."""
    for x, mean, amount in ((2, 22.35, 24.65), (7, 73.74, 71.46), (0, 0.0, 35.17)):
        assert CDNOW_AMOUNTS.amount(told(x, 1, 2, mean))[0] == pytest.approx(amount, abs=0.08)


def test_who_has_been_away_for_long_is_less_likely_to_be_there_and_to_come() -> None:
    recent, away = told(5, 35, 39), told(5, 10, 39)
    assert CDNOW.alive(recent)[0] > 0.5 > CDNOW.alive(away)[0]
    assert CDNOW.none_ahead(recent, 8.0)[0] < CDNOW.none_ahead(away, 8.0)[0]
    assert CDNOW.alive(told(0, 0, 39))[0] == 1.0
    assert CDNOW.none_ahead(recent, 0.0)[0] == 1.0
    assert CDNOW.none_ahead(recent, 1e12)[0] == pytest.approx(1 - CDNOW.alive(recent)[0], abs=1e-6)


def draw(model: BgNbd, accounts: int, watched: float, seed: int) -> Purchases:
    generator = np.random.default_rng(seed)
    x, last = np.zeros(accounts), np.zeros(accounts)
    rate, leaves = generator.gamma(model.r, 1 / model.alpha, accounts), generator.beta(model.a, model.b, accounts)
    there, now = np.ones(accounts, dtype=bool), np.zeros(accounts)
    while there.any():
        now = now + generator.exponential(1 / rate)
        there &= now < watched
        x, last = x + there, np.where(there, now, last)
        there &= generator.random(accounts) >= leaves
    return Purchases(x, last, np.full(accounts, watched), np.zeros(accounts))


def test_parameters_are_found_again_from_drawn_purchases() -> None:
    """Rates and dropout, by what they mean: a mean rate of .055 a week, a dropout of .246 after a purchase."""
    found = fit_bgnbd(draw(CDNOW, 20_000, 39.0, seed=0))
    assert found.r / found.alpha == pytest.approx(0.243 / 4.414, rel=0.05)
    assert found.r == pytest.approx(0.243, rel=0.08)
    assert found.a / (found.a + found.b) == pytest.approx(0.793 / 3.219, rel=0.1)


def test_parameters_are_found_again_from_drawn_amounts() -> None:
    generator = np.random.default_rng(0)
    x = generator.integers(1, 8, 20_000).astype(float)
    rates = generator.gamma(3.74, 1 / 15.44, len(x))
    mean = generator.gamma(6.25 * x, 1 / (rates * x))
    found = fit_gamma_gamma(Purchases(x, x, x, mean))
    assert found.p == pytest.approx(6.25, rel=0.1)
    assert found.q == pytest.approx(3.74, rel=0.1)


def test_a_day_with_positive_net_invoicing_is_a_purchase() -> None:
    lines = pd.DataFrame(
        [
            ("a", "2025-01-01T09:00", 10.0),
            ("a", "2025-01-11T09:00", 30.0),
            ("a", "2025-01-11T15:00", 10.0),
            ("a", "2025-01-15T09:00", -5.0),
            ("a", "2025-02-01T00:00", 99.0),
            ("b", "2025-01-21T09:00", 7.0),
        ],
        columns=["account_id", "issued_at", "amount"],
    )
    accounts, found = purchases(lines.astype({"issued_at": "datetime64[us]"}), pd.Timestamp("2025-02-01"))
    assert list(accounts) == ["a", "b"]
    assert [each.tolist() for each in (found.x, found.last, found.watched, found.mean)] == [
        [1.0, 0.0], [10.0, 0.0], [31.0, 11.0], [40.0, 0.0],
    ]  # fmt: skip
