"""The one-standard-error rule: the simplest candidate that is not clearly worse than the best.

Breiman, Friedman, Olshen and Stone (1984), "Classification and Regression Trees", 3.4.3. Errors of two candidates on
the same rows rise and fall together, so the standard error is that of their difference, row by row; and rows of one
account at several dates are one cluster, so it is summed by account (Liang and Zeger 1986).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.calibrate import fit_platt
from models.choosing.candidates import Candidate

Floats = NDArray[np.float64]

ERRORS = 1.0
"""Standard errors within which a simpler candidate is as good as the best."""

SIGNAL = 2.0
"""Standard errors by which the best has to beat the base rate; else nothing was learnt, and the simplest serves."""


BASE_RATE = Candidate("base rate", -1, (), "the same probability for all")


@dataclass(frozen=True)
class Stood:
    """A candidate with its mean loss, and how far it is behind the best, both per row, with that one's error."""

    candidate: Candidate
    loss: float
    behind: float
    error: float

    @property
    def as_good(self) -> bool:
        return self.behind <= ERRORS * self.error


def halves(accounts: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return each row's account as a number from 0, and whether it is of the first half of the accounts.

    Every other account in the order of their ids: the same halves whatever the order of the rows.
    """
    _, row = np.unique(accounts.astype(str), return_inverse=True)
    return row, row % 2 == 0


def row_losses(
    margin: Floats, label: NDArray[np.int8], half: NDArray[np.bool_], weight: Floats | None = None
) -> Floats:
    """Return each row's squared error of the probability after calibration, by halves of accounts for each other.

    The Brier score is proper as log-loss is, and bounded: a few confident misses do not drown the difference between
    two models, so that fewer rows tell them apart. A margin that knows nothing earns nothing this way; calibrated on
    its own rows it would always seem to gain. `half` is True for rows of one half of the accounts; where a half has one
    class only, all rows calibrate all.
    """
    losses = np.empty(len(label))
    parts = [half, ~half]
    if any(len(np.unique(label[part])) < 2 for part in parts):
        parts = [np.ones(len(label), dtype=bool)]
    for part in parts:
        fitted_on = ~part if len(parts) > 1 else part
        map_ = fit_platt(margin[fitted_on], label[fitted_on], None if weight is None else weight[fitted_on])
        losses[part] = (map_.probability(margin[part]) - label[part]) ** 2
    return losses


def standing(
    losses: Mapping[Candidate, Floats], base: Floats, accounts: NDArray[np.intp], weight: Floats | None = None
) -> tuple[list[Stood], Stood]:
    """Return how each candidate stands, the simplest first, and how the base rate does.

    `losses` are per row, of the same rows for all candidates, and `base` those of the base rate; `accounts` numbers
    each row's account from 0.
    """
    counts = np.ones(len(accounts)) if weight is None else weight
    means = {candidate: float(np.average(loss, weights=counts)) for candidate, loss in losses.items()}
    ordered = sorted(losses, key=lambda candidate: (candidate.complexity, candidate.name))
    best = min(ordered, key=lambda candidate: means[candidate])

    def stood(candidate: Candidate, loss: Floats) -> Stood:
        mean = float(np.average(loss, weights=counts))
        return Stood(candidate, mean, mean - means[best], clustered_error(loss - losses[best], accounts, counts))

    return [stood(candidate, losses[candidate]) for candidate in ordered], stood(BASE_RATE, base)


def simplest(stood: Sequence[Stood], base: Stood) -> Stood:
    """Return the simplest candidate that is as good as the best, of those in order; `base` is the base rate beside it.

    Of equally simple ones that is the one with the smallest loss. Where the best is not beyond the base rate by SIGNAL
    errors, it is the first of all.
    """
    if base.behind <= SIGNAL * base.error:
        return stood[0]
    level = next(each for each in stood if each.as_good).candidate.complexity
    return min((each for each in stood if each.candidate.complexity == level), key=lambda each: each.loss)


def clustered_error(difference: Floats, accounts: NDArray[np.intp], weight: Floats) -> float:
    """Return the standard error of a weighted mean of rows, where rows of one account are one observation."""
    mean = float(np.average(difference, weights=weight))
    sums = np.bincount(accounts, weight * (difference - mean))
    groups = len(sums)
    if groups < 2:
        return float("inf")
    return float(np.sqrt(groups / (groups - 1) * np.sum(sums**2)) / weight.sum())
