"""Additive members: a regularised logistic or ridge regression on knot transforms, written as one curve per feature.

Each number goes through a piecewise linear map, through knots at training quantiles, onto normal scores of its mid-rank
(the rank-based inverse normal transform, van der Waerden 1952), so that heavy tails and units do not matter. NaN has a
level of its own; a category has one per code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression, Ridge

from models.blas import one_thread
from models.scorer import FIRST_CODE
from models.thinning import thinned

Floats = NDArray[np.float64]

KNOTS = 33
"""Quantiles behind a numeric feature's map."""

SPREAD = 1.0
"""Prior variance of the log-odds, shared out over the columns: the more there are, the less each may say by itself."""


@dataclass(frozen=True)
class Term:
    """One feature's map onto columns of the design: a score column and, where NaN occurs, an indicator."""

    feature: str
    position: int
    missing: bool
    knots: tuple[float, ...] = ()
    scores: tuple[float, ...] = ()
    log: bool = False
    categories: int = 0

    @property
    def width(self) -> int:
        return (FIRST_CODE + self.categories if self.categories else bool(self.knots)) + self.missing

    def columns(self, values: Floats) -> Floats:
        """Return (rows, width) columns; NaN is 0 in all but its indicator."""
        blank = np.isnan(values)
        made = np.zeros((len(values), self.width))
        if self.categories:
            made[np.arange(len(values)), values.astype(np.int64)] = 1.0
            return made
        if self.knots:
            at = np.log1p(np.maximum(values, 0.0)) if self.log else values
            made[:, 0] = np.where(blank, 0.0, np.interp(np.where(blank, 0.0, at), self.knots, self.scores))
        if self.missing:
            made[:, -1] = blank
        return made

    def curve(self, coefficients: Floats, at_mean: float) -> dict[str, Any]:
        """Return the term as `models.scorer.Additive` reads it."""
        missing = float(coefficients[-1]) if self.missing else 0.0
        curve: dict[str, Any] = {"feature": self.feature, "at_mean": at_mean, "missing": missing}
        if self.categories:
            return curve | {"codes": coefficients.tolist()}
        knots, scores = (self.knots, self.scores) if self.knots else ((0.0, 1.0), (0.0, 0.0))
        slope = float(coefficients[0]) if self.knots else 0.0
        curve |= {"knots": list(knots), "levels": [slope * score for score in scores]}
        return curve | {"scale": "log1p"} if self.log else curve


def terms_for(matrix: Floats, names: Sequence[str], categories: Mapping[str, int]) -> list[Term]:
    """Return the maps of every feature that varies in the (rows, features) matrix."""
    terms = []
    for position, name in enumerate(names):
        values = matrix[:, position]
        if name in categories:
            terms.append(Term(name, position, missing=False, categories=categories[name]))
            continue
        blank = np.isnan(values)
        # An indicator that is almost never, or almost always, on cannot be told from noise.
        missing = bool(20 <= blank.sum() <= len(values) - 20)
        knots, scores = _normal_scores(values[~blank])
        if len(knots) or missing:
            terms.append(Term(name, position, missing, knots, scores))
    return terms


def log_term(matrix: Floats, names: Sequence[str], name: str) -> Term:
    """Return the map of one feature onto log(1 + x), flat beyond the training range."""
    position = list(names).index(name)
    values = np.log1p(np.maximum(matrix[:, position], 0.0))
    blank = np.isnan(values)
    low, high = (values[~blank].min(), values[~blank].max()) if not blank.all() else (0.0, 0.0)
    ends = (float(low), float(high)) if high > low else ()
    return Term(name, position, bool(blank.any()), ends, ends, log=True)


def fit_logistic(
    matrix: Floats,
    label: NDArray[np.int8],
    terms: Sequence[Term],
    spread: float = SPREAD,
    weight: Floats | None = None,
) -> bytes:
    """Return a logistic regression on the terms, L2-penalised, as JSON for `models.scorer.Additive`.

    `weight` is how many rows each row counts for; None: itself.
    """
    matrix, label = thinned(matrix), thinned(label)
    weight = None if weight is None else thinned(weight)
    design, scale, means = _design(matrix, terms, weight)
    del matrix  # as large as the design, where nobody else holds it
    model = LogisticRegression(C=spread / design.shape[1], solver="newton-cholesky", max_iter=200)
    with one_thread():
        model.fit(design, label, sample_weight=weight)
    return _as_json(terms, means, model.coef_[0] / scale, float(model.intercept_[0]), {})


def fit_ridge(matrix: Floats, outcome: Floats, terms: Sequence[Term], more: Mapping[str, Any], alpha: float) -> bytes:
    """Return a ridge regression on the terms as JSON for `models.scorer.Additive`; `more` is written beside it."""
    design, scale, means = _design(matrix, terms)
    with one_thread():
        model = Ridge(alpha=alpha, solver="cholesky", copy_X=False).fit(design, outcome)
    return _as_json(terms, means, model.coef_ / scale, float(model.intercept_), more)


def _normal_scores(values: Floats) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return knots at unique quantiles and the normal score of each one's mid-rank; empty for a constant."""
    if len(values) == 0:
        return (), ()
    ordered = np.sort(values)
    knots = np.unique(np.quantile(ordered, np.linspace(0, 1, KNOTS), method="nearest"))
    if len(knots) < 2:
        return (), ()
    below = np.searchsorted(ordered, knots, side="left")
    upto = np.searchsorted(ordered, knots, side="right")
    scores = norm.ppf((below + upto) / (2 * len(ordered)))
    return tuple(knots.tolist()), tuple(scores.tolist())


def _design(matrix: Floats, terms: Sequence[Term], weight: Floats | None = None) -> tuple[Floats, Floats, Floats]:
    """Return the design with each column at unit deviation (a constant one as it is), the scale, and the means before.

    The means are those of the rows that the rows stand for.
    """
    # Nothing that varies: a column of zeros leaves the intercept alone.
    design = np.zeros((len(matrix), max(1, sum(term.width for term in terms))))
    start = 0
    for term in terms:
        design[:, start : start + term.width] = term.columns(matrix[:, term.position])
        start += term.width
    scale = np.concatenate([design[:, part].std(axis=0) for part in _blocks(design.shape[1])])
    scale[scale < 1e-9] = 1.0
    means = design.mean(axis=0) if weight is None else weight @ design / weight.sum()
    design /= scale
    return design, scale, means


def _blocks(columns: int, size: int = 32) -> list[slice]:
    """Return blocks of columns, each of at least two: a deviation copies what it looks at.

    A single column of many would be summed in another order than the whole, which changes last digits.
    """
    starts = [*range(0, max(columns - 1, 1), size)]
    return [slice(start, stop) for start, stop in zip(starts, [*starts[1:], columns], strict=True)]


def _as_json(
    terms: Sequence[Term], means: Floats, coefficients: Floats, intercept: float, more: Mapping[str, Any]
) -> bytes:
    curves, start = [], 0
    means = means * coefficients
    for term in terms:
        here = slice(start, start + term.width)
        curves.append(term.curve(coefficients[here], float(means[here].sum())))
        start += term.width
    data = {**more, "intercept": intercept, "terms": curves}
    return (json.dumps(data, sort_keys=True, allow_nan=False) + "\n").encode()
