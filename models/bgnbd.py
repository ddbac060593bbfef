"""BG/NBD: how often accounts buy and when they stop, fitted to a whole book by maximum likelihood.

Fader, Hardie and Lee (2005), "Counting your customers the easy way: an alternative to the Pareto/NBD model", Marketing
Science 24(2). The features `purchase_alive_probability` and `purchase_days_expected_60d` use the same model with a
fixed prior, so that an account's figures depend on no other account.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.errors import ModelError

Floats = NDArray[np.float64]

NEAR_ONE = 1e-6
"""How near to 1, where equation (10) is not defined, `a` is not let come."""


@dataclass(frozen=True)
class Bgnbd:
    """Purchase rates are gamma(r, alpha) among accounts, chances to leave after a purchase beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float

    def log_likelihood(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Return each account's log-likelihood: equation (6), its terms kept apart until their logarithms are added."""
        from scipy.special import betaln, gammaln  # noqa: PLC0415

        x, seen, age = _checked(frequency, recency, age)
        rate = gammaln(self.r + x) - gammaln(self.r) + self.r * np.log(self.alpha)
        alive = betaln(self.a, self.b + x) - betaln(self.a, self.b) - (self.r + x) * np.log(self.alpha + age)
        gone = betaln(self.a + 1, self.b + np.maximum(x, 1) - 1) - betaln(self.a, self.b)
        gone = np.where(x > 0, gone - (self.r + x) * np.log(self.alpha + seen), -np.inf)
        return rate + np.logaddexp(alive, gone)

    def alive(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Return each account's probability of still buying, in [0, 1]; 1 without a repeat purchase."""
        x, seen, age = _checked(frequency, recency, age)
        odds = np.log(self.a / (self.b + np.maximum(x, 1) - 1))
        odds = odds + (self.r + x) * (np.log(self.alpha + age) - np.log(self.alpha + seen))
        return np.where(x > 0, 1 / (1 + np.exp(np.minimum(odds, 700.0))), 1.0)

    def expected(self, ahead: float, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Return the purchases to be expected of each account within `ahead`, in the unit of `age`: equation (10).

        Euler's transformation of its hypergeometric function keeps it finite however often an account bought.
        """
        from scipy.special import hyp2f1  # noqa: PLC0415

        x, seen, age = _checked(frequency, recency, age)
        a, b, r = self.a, self.b, self.r
        if abs(a - 1) < NEAR_ONE:  # it is 0 / 0 there; its limit lies as near as the shift is small
            a = 1 + NEAR_ONE
        z = ahead / (self.alpha + age + ahead)
        left = (1 - z) ** (a - 1) * hyp2f1(a + b - 1 - r, a - 1, a + b + x - 1, z)
        return (a + b + x - 1) / (a - 1) * (1 - left) * self.alive(x, seen, age)


def fit_bgnbd(frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Bgnbd:
    """Return the parameters under which a book's purchases are likeliest.

    One number per account, in one unit of time: `frequency` is how many purchases followed the first, `recency` the
    time from the first to the last, `age` that from the first to now. Raises ModelError for times that cannot be, for
    no account with a repeat purchase, and where the search does not end.
    """
    from scipy.optimize import minimize  # noqa: PLC0415

    x, seen, age = _checked(frequency, recency, age)
    if not (x > 0).any():
        raise ModelError("BG/NBD needs accounts that bought again; found none among the purchases given.")
    unit = float(age.mean())  # so that the search starts near, whatever the unit of time

    def loss(logs: Floats) -> float:
        r, alpha, a, b = np.exp(logs)
        return -float(Bgnbd(r, alpha, a, b).log_likelihood(x, seen / unit, age / unit).mean())

    start = np.log([0.5, 0.2, 1.0, 2.0])
    found = minimize(loss, start, method="L-BFGS-B", bounds=[(-7.0, 7.0)] * 4, options={"ftol": 1e-12, "gtol": 1e-7})
    if not np.isfinite(found.fun):
        raise ModelError(f"BG/NBD could not be fitted to {len(x)} accounts: {found.message}")
    r, alpha, a, b = (float(value) for value in np.exp(found.x))
    return Bgnbd(r, alpha * unit, a, b)


def _checked(frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return the three as floats; raise ModelError unless 0 <= recency <= age and repeat purchases are not negative."""
    x, seen, lived = (np.asarray(each, dtype=np.float64) for each in (frequency, recency, age))
    if not ((x >= 0) & (seen >= 0) & (seen <= lived)).all():
        raise ModelError("BG/NBD needs frequency >= 0 and 0 <= recency <= age for every account.")
    return x, seen, lived
