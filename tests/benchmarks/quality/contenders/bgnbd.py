"""BG/NBD and Gamma-Gamma, written with SciPy: days of purchase and their amounts alone, no other feature.

BG/NBD: Fader, Hardie and Lee (2005), "Counting your customers" the easy way, Marketing Science 24(2). Gamma-Gamma:
Fader and Hardie (2013), The Gamma-Gamma model of monetary value. A purchase is a day with positive net invoicing;
`x` repeat purchases, the last `last` days after the first, watched for `watched` days.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from engine.child import run
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaln, expit, gammaln, hyp2f1
from sklearn.linear_model import LogisticRegression

from quality.fold import Fold, Predicted, at, each_fold

Floats = NDArray[np.float64]
PENALTY = 1e-5
"""A very weak pull of the log parameters to 0, so that a parameter that the data do not tell stays finite."""


@dataclass(frozen=True)
class Purchases:
    """Per account: repeat purchases, when the last one was, for how long it was watched, mean amount of the repeats."""

    x: Floats
    last: Floats
    watched: Floats
    mean: Floats


@dataclass(frozen=True)
class BgNbd:
    """Purchases at rate lambda ~ Gamma(r, alpha) until, after any of them, dropping out with p ~ Beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float

    def alive(self, told: Purchases) -> Floats:
        """Return the probability that an account has not dropped out; 1 without a repeat purchase."""
        repeat = np.maximum(told.x, 1.0)
        odds = (
            self.a
            / (self.b + repeat - 1)
            * ((self.alpha + told.watched) / (self.alpha + told.last)) ** (self.r + told.x)
        )
        return np.where(told.x > 0, 1 / (1 + odds), 1.0)

    def none_ahead(self, told: Purchases, ahead: float) -> Floats:
        """Return the probability of no purchase in the next `ahead` days.

        Dropping out follows a purchase, so of those alive it is the probability that a gamma-mixed Poisson gives none.
        """
        quiet = ((self.alpha + told.watched) / (self.alpha + told.watched + ahead)) ** (self.r + told.x)
        return 1 - self.alive(told) * (1 - quiet)

    def expected(self, told: Purchases, ahead: float) -> Floats:
        """Return the expected number of purchases in the next `ahead` days: equation 10 of the paper."""
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        x, watched = told.x, told.watched
        share = (alpha + watched) / (alpha + watched + ahead)
        series = hyp2f1(r + x, b + x, a + b + x - 1, ahead / (alpha + watched + ahead))
        return (a + b + x - 1) / (a - 1) * (1 - share ** (r + x) * series) * self.alive(told)


@dataclass(frozen=True)
class GammaGamma:
    """Amounts of an account are Gamma(p, v) with v ~ Gamma(q, gamma), whatever its rate of purchase."""

    p: float
    q: float
    gamma: float

    def amount(self, told: Purchases) -> Floats:
        """Return the expected amount of a purchase."""
        return self.p * (self.gamma + told.x * told.mean) / (self.p * told.x + self.q - 1)


def fit_bgnbd(told: Purchases) -> BgNbd:
    """Return the parameters of the highest likelihood: equation 6 of the paper, in days."""
    x, last, watched = told.x, told.last, told.watched
    scale = max(1.0, float(watched.max()) / 40)
    last, watched = last / scale, watched / scale
    repeat = x > 0

    def loss(logs: Floats) -> float:
        r, alpha, a, b = np.exp(logs)
        first = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        stays = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + watched)
        left = betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b) - (r + x) * np.log(alpha + last)
        return -float(np.mean(first + np.where(repeat, np.logaddexp(stays, left), stays)))

    r, alpha, a, b = _best(loss, 4)
    return BgNbd(r, alpha * scale, a, b)


def fit_gamma_gamma(told: Purchases) -> GammaGamma:
    """Return the parameters of the highest likelihood of the repeat buyers' mean amounts: equation 1a of the note."""
    kept = (told.x > 0) & (told.mean > 0)
    x, mean = told.x[kept], told.mean[kept]
    scale = float(np.mean(mean))
    mean = mean / scale

    def loss(logs: Floats) -> float:
        # q > 1, or the expected amount does not exist.
        p, q, gamma = np.exp(logs) + np.array([0.0, 1.0, 0.0])
        said = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(gamma)
        said += (p * x - 1) * np.log(mean) + p * x * np.log(x) - (p * x + q) * np.log(gamma + mean * x)
        return -float(np.mean(said))

    p, q, gamma = _best(loss, 3)
    return GammaGamma(p, q + 1, gamma * scale)


def _best(loss: Callable[[Floats], float], parameters: int) -> Floats:
    def held(logs: Floats) -> float:
        value = loss(logs) + PENALTY * float(logs @ logs)
        return value if np.isfinite(value) else 1e10

    found = [minimize(held, np.full(parameters, start), method="L-BFGS-B") for start in (0.0, 1.0, -1.0)]
    return np.exp(min(found, key=lambda each: each.fun).x)


def purchases(lines: pd.DataFrame, as_of: pd.Timestamp) -> tuple[pd.Index, Purchases]:
    """Return the accounts with a purchase before `as_of`, from the invoices visible then, and what BG/NBD is told."""
    days = lines[lines["issued_at"] < as_of].assign(day=lines["issued_at"].dt.floor("D"))
    net = days.groupby(["account_id", "day"], observed=True)["amount"].sum()
    net = net[net > 0].reset_index().sort_values(["account_id", "day"])
    account = net.groupby("account_id")
    first, last, x = account["day"].min(), account["day"].max(), account.size() - 1
    repeats = net[account.cumcount() > 0].groupby("account_id")["amount"].mean().reindex(first.index).fillna(0.0)
    one = pd.Timedelta(days=1)
    numbers = (x, (last - first) / one, (as_of - first) / one, repeats)
    return first.index, Purchases(*(each.to_numpy(float) for each in numbers))


def at_date(fold: Fold, as_of: pd.Timestamp) -> pd.DataFrame:
    """Return, per account, what both models fitted on the rows visible at `as_of` say of its next `horizon` days."""
    accounts, told = purchases(at(pd.read_parquet(f"{fold.plain['visible']}/invoices.parquet"), as_of), as_of)
    counts, money, ahead = fit_bgnbd(told), fit_gamma_gamma(told), float(fold.target["horizon"])
    amount = money.amount(told)
    # What an account would spend if it had not dropped out: the posterior mean of its rate.
    rate = (counts.r + told.x) / (counts.alpha + told.watched)
    return pd.DataFrame(
        {
            "none": counts.none_ahead(told, ahead),
            "spend": counts.expected(told, ahead) * amount,
            "if_alive": rate * ahead * amount,
        },
        index=accounts,
    )


def predict(fold: Fold) -> Predicted:
    """Churn: its own probability of no purchase, times what the account would spend. Upsell: see `grown`."""
    if fold.target["by"] not in ("inactivity", "spend"):
        raise ValueError(f"it knows purchases alone; the target is judged by {fold.target['by']}")
    rows = fold.rows("test")
    test = at_date(fold, pd.Timestamp(fold.plain["test"])).reindex(rows["account_id"])
    if fold.target["by"] == "inactivity":
        probability = test["none"].fillna(1.0).to_numpy()
        return Predicted(probability, test["if_alive"].fillna(0.0).to_numpy(), note="learns from no label")
    return grown(fold, rows, test)


def grown(fold: Fold, rows: pd.DataFrame, test: pd.DataFrame) -> Predicted:
    """Rank by expected spend over past spend, mapped onto probabilities by a logistic of its log, rising by design.

    The map is fitted on the training rows, at each of whose as_ofs both models are fitted to what was visible then.
    """
    train = fold.rows("train")
    ratios = []
    for as_of, part in train.groupby("as_of", sort=True):
        said = at_date(fold, as_of).reindex(part["account_id"])
        ratios.append(_ratio(said["spend"], part["base"]))
    ratio = np.concatenate(ratios)
    model = LogisticRegression(C=1e6).fit(ratio[:, None], train["label"])
    slope, level = max(float(model.coef_[0, 0]), 1e-6), float(model.intercept_[0])
    probability = expit(level + slope * _ratio(test["spend"], rows["base"]))
    base = rows["base"].to_numpy()
    value = np.maximum(test["spend"].fillna(0.0).to_numpy(), float(fold.target["ratio"]) * base) - base
    return Predicted(probability, value, len(train))


def _ratio(spend: pd.Series, base: pd.Series) -> Floats:
    return np.log(np.maximum(spend.fillna(0.0).to_numpy(), 0.01)) - np.log(np.maximum(base.to_numpy(), 0.01))


def measure(job: dict[str, Any]) -> dict[str, Any]:
    return each_fold(f"SciPy {version('scipy')}", predict)(job)


if __name__ == "__main__":
    run(measure)
