from __future__ import annotations

import numpy as np
import pytest

from features.computing.purchasing import purchasing
from models.bgnbd import Bgnbd, fit_bgnbd
from pipeline.errors import ModelError

CDNOW = Bgnbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
"""Estimates of Fader, Hardie and Lee (2005), table 2, in weeks."""


def test_the_published_expectation_of_the_first_account() -> None:
    # "Implementing the BG/NBD model for customer base analysis in Excel" (Fader, Hardie and Lee 2005): 1.226 purchases.
    assert CDNOW.expected(39, [2], [30.43], [38.86])[0] == pytest.approx(1.226, abs=0.001)


def test_the_expectation_is_the_papers_whatever_the_transformation() -> None:
    from scipy.special import hyp2f1

    r, alpha, a, b, x, seen, age, ahead = 0.243, 4.414, 0.793, 2.426, 5, 20.0, 30.0, 10.0
    shrunk = ((alpha + age) / (alpha + age + ahead)) ** (r + x)
    shrunk *= hyp2f1(r + x, b + x, a + b + x - 1, ahead / (alpha + age + ahead))
    gone = a / (b + x - 1) * ((alpha + age) / (alpha + seen)) ** (r + x)
    paper = (a + b + x - 1) / (a - 1) * (1 - shrunk) / (1 + gone)
    assert CDNOW.expected(ahead, [x], [seen], [age])[0] == pytest.approx(paper, rel=1e-10)


def test_alive_falls_with_silence_and_is_certain_without_a_repeat() -> None:
    alive = CDNOW.alive([0, 3, 3, 3], [0, 30, 20, 5], [38, 38, 38, 38])
    assert alive[0] == 1.0
    assert (np.diff(alive[1:]) < 0).all()
    assert 0 < alive[3] < 0.1


def test_many_purchases_overflow_nothing() -> None:
    assert np.isfinite(CDNOW.expected(39, [5000], [10], [1000])).all()


def test_drawn_purchases_give_their_parameters_back() -> None:
    random = np.random.default_rng(1)
    count, age = 6000, random.uniform(27, 39, 6000)
    rate = random.gamma(0.8, 1 / 6.0, count)
    leave = random.beta(0.9, 2.5, count)
    frequency, recency = np.zeros(count), np.zeros(count)
    for account in range(count):
        now = 0.0
        while (now := now + random.exponential(1 / max(rate[account], 1e-12))) < age[account]:
            frequency[account] += 1
            recency[account] = now
            if random.random() < leave[account]:
                break
    found = fit_bgnbd(frequency, recency, age)
    assert found.r == pytest.approx(0.8, rel=0.15)
    assert found.r / found.alpha == pytest.approx(0.8 / 6, rel=0.1)
    assert found.a / (found.a + found.b) == pytest.approx(0.9 / 3.4, rel=0.15)


def test_the_feature_is_the_same_model_with_its_fixed_prior() -> None:
    prior = Bgnbd(r=0.5, alpha=60, a=2, b=6)
    x, seen, age = (np.array(each) for each in ([0, 1, 8, 300, -1], [0, 10, 200, 900, 0], [40, 90, 210, 1000, 0]))
    alive, expected = np.full(5, -1.0), np.full(5, -1.0)
    purchasing(x, seen, age, 60.0, alive, expected)
    assert alive[:4] == pytest.approx(prior.alive(x[:4], seen[:4], age[:4]), rel=1e-9)
    assert expected[:4] == pytest.approx(prior.expected(60, x[:4], seen[:4], age[:4]), rel=1e-7)
    assert (alive[4], expected[4]) == (-1.0, -1.0)  # no purchase: left as it was


@pytest.mark.parametrize(("frequency", "recency", "age"), [([-1], [0], [3]), ([1], [4], [3]), ([1], [-1], [3])])
def test_purchases_that_cannot_be_are_refused(frequency: list[int], recency: list[int], age: list[int]) -> None:
    with pytest.raises(ModelError, match="0 <= recency <= age"):
        fit_bgnbd(frequency, recency, age)


def test_a_book_without_repeat_purchases_is_refused() -> None:
    with pytest.raises(ModelError, match="bought again"):
        fit_bgnbd([0, 0], [0, 0], [3, 4])


def test_the_expectation_where_its_formula_is_not_defined_is_its_limit() -> None:
    at, below, above = (Bgnbd(0.5, 60, a, 6).expected(60, [2, 0], [50, 0], [100, 100]) for a in (1.0, 0.999, 1.001))
    assert at == pytest.approx((below + above) / 2, rel=1e-5)
