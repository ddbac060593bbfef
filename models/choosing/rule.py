"""The one-standard-error rule: the simplest candidate that is not clearly worse than the best.

Breiman, Friedman, Olshen and Stone (1984), "Classification and Regression Trees", 3.4.3. What is compared is the share
of pairs of rows ordered the wrong way, 1 - AUC: of a rare outcome a few hundred rows tell two orders apart that no
squared error or log-loss would. Two candidates err on much the same pairs, so the standard error is that of their
difference; and rows of one account at several dates are one witness (see `models.area`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.area import Area
from models.choosing.candidates import Candidate

ERRORS = 1.0
"""Standard errors within which a simpler candidate is as good as the best."""

SIGNAL = 3.0
"""Standard errors by which the best has to beat chance; else nothing was learnt, and the simplest serves. The best of
six beats chance by two of them rather often where there is nothing to learn."""

CHANCE = 0.5

BASE_RATE = Candidate("base rate", -1, (), "the same probability for all")


@dataclass(frozen=True)
class Stood:
    """A candidate with its loss (1 - AUC), how far it is behind the best, and the standard error of that."""

    candidate: Candidate
    loss: float
    behind: float
    error: float

    @property
    def as_good(self) -> bool:
        return self.behind <= ERRORS * self.error


def standing(areas: Mapping[Candidate, Area]) -> tuple[list[Stood], Stood]:
    """Return how each candidate stands, the simplest first, and how the same probability for all does.

    `areas` are of the same rows for all candidates.
    """
    ordered = sorted(areas, key=lambda candidate: (candidate.complexity, candidate.name))
    best = areas[max(ordered, key=lambda candidate: areas[candidate].value)]
    stood = [
        Stood(candidate, 1 - area.value, best.value - area.value, best.error_against(area))
        for candidate, area in ((each, areas[each]) for each in ordered)
    ]
    return stood, Stood(BASE_RATE, 1 - CHANCE, best.value - CHANCE, best.error)


def simplest(stood: Sequence[Stood], base: Stood) -> Stood:
    """Return the simplest candidate that is as good as the best, of those in order; `base` is the base rate beside it.

    Of equally simple ones that is the one with the smallest loss. Where the best is not beyond the base rate by SIGNAL
    errors, it is the first of all.
    """
    if base.behind <= SIGNAL * base.error:
        return stood[0]
    level = next(each for each in stood if each.as_good).candidate.complexity
    return min((each for each in stood if each.candidate.complexity == level), key=lambda each: each.loss)
