"""A logistic regression on few features whose coefficients have a strong prior and, where known, a direction.

The prior of a coefficient, per standard deviation of its feature's normal score, is normal with mean 0 and deviation
DEVIATION, cut at 0 on the side the business rules out; the mode of the posterior is taken (ridge with non-negativity:
Gelman et al. 2008, "A weakly informative default prior distribution for logistic and other regression models", for the
scale; Slawski and Hein 2013, "Non-negative least squares for high-dimensional linear models", for what directions do).
A feature that speaks against its direction gets no weight instead of a wrong one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

from models import linear
from models.blas import one_thread
from models.rows import Encoded

Floats = NDArray[np.float64]

DEVIATION = 0.4
"""Prior standard deviation of a coefficient: a feature one deviation up changes the odds by half, seldom twofold."""

WIDE = 5.0
"""Prior standard deviation of the intercept about the log-odds of the rate."""


@dataclass(frozen=True)
class Prior:
    """What is held of a coefficient before data: its mean, and the sign (1, -1) it cannot lose; 0 for either."""

    feature: str
    direction: int
    mean: float = 0.0
    log: bool = False
    """Look at log(1 + x) instead of the normal score."""
    least: float = 0.0
    """What the coefficient is at least, in its direction."""


def witnesses(label: NDArray[np.int8], accounts: NDArray[np.object_]) -> float:
    """Return for how much a row counts, at most 1: accounts of the rarer label over its rows.

    Rows of one account at several dates tell much the same; taken as independent they would drown the prior.
    """
    rarer = int(2 * label.sum() <= len(label))
    return len(set(accounts[label == rarer])) / max(1, int((label == rarer).sum()))


def fit(rows: Encoded, priors: Sequence[Prior], counts: float, deviation: float = DEVIATION) -> bytes:
    """Return the fitted curves as JSON for `models.scorer.Additive`; each row counts for `counts` rows.

    NaN is held to be the middle of its feature. Without priors, and with one label only, the rate alone is told, of
    which half an outcome is known beforehand.
    """
    terms = [term for prior in priors if (term := _term(rows, prior)) is not None]
    kept = {term.feature for term in terms}
    priors = [prior for prior in priors if prior.feature in kept]
    columns = [term.columns(rows.column(term.position))[:, 0] for term in terms]
    design = np.column_stack(columns) if columns else np.zeros((len(rows.label), 0))
    scale = design.std(axis=0)
    scale[scale < 1e-9] = 1.0
    coefficients, intercept = _mode(design / scale, rows.label.astype(np.float64), priors, counts, deviation)
    means = design.mean(axis=0) * coefficients / scale
    curves = [term.curve(coefficients[[at]] / scale[at], float(means[at])) for at, term in enumerate(terms)]
    return (json.dumps({"intercept": intercept, "terms": curves}, sort_keys=True, allow_nan=False) + "\n").encode()


def _term(rows: Encoded, prior: Prior) -> linear.Term | None:
    position = rows.names.index(prior.feature)
    if prior.log:
        term = linear.log_term(rows.column(position)[:, None], [prior.feature], prior.feature)
    else:
        found = linear.terms_for(rows.column(position)[:, None], [prior.feature], {})
        if not found:
            return None
        term = found[0]
    return replace(term, position=position, missing=False) if term.knots else None


def _bounds(prior: Prior) -> tuple[float | None, float | None]:
    end = prior.direction * prior.least
    return (end if prior.direction > 0 else None, end if prior.direction < 0 else None)


def _mode(
    design: Floats, label: Floats, priors: Sequence[Prior], counts: float, deviation: float
) -> tuple[Floats, float]:
    held = np.array([prior.mean for prior in priors], float)
    rate = (label.sum() + 0.5) / (len(label) + 1)
    middle = float(logit(rate))
    centre = design.mean(axis=0)
    design = design - centre

    def loss(at: Floats) -> tuple[float, Floats]:
        margin = at[0] + design @ at[1:]
        away = at[1:] - held
        value = counts * float(np.logaddexp(0.0, margin).sum() - label @ margin)
        value += float(away @ away) / (2 * deviation**2) + (at[0] - middle) ** 2 / (2 * WIDE**2)
        slope = counts * (expit(margin) - label)
        gradient = np.r_[slope.sum() + (at[0] - middle) / WIDE**2, design.T @ slope + away / deviation**2]
        return value, gradient

    bounds = [(None, None), *(_bounds(prior) for prior in priors)]
    begin = np.r_[middle, held]
    with one_thread():
        found = minimize(
            loss, begin, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 200, "ftol": 1e-10}
        )
    coefficients = np.asarray(found.x[1:], float)
    return coefficients, float(found.x[0] - centre @ coefficients)
