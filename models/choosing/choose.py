"""Chooses among candidates on inner folds, and says what was compared, how far apart they were, and why this one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.area import Area, area
from models.choosing.candidates import Candidate
from models.choosing.folds import Judging
from models.choosing.members import Later, Members
from models.choosing.rule import SIGNAL, Stood, simplest, standing
from models.choosing.tuning import Tuned

DIGITS = 6
"""Of losses and their errors, in the manifest."""


@dataclass(frozen=True)
class Choice:
    """What was chosen, and what stood beside it."""

    candidate: Candidate
    stood: tuple[Stood, ...] = ()
    judged_on: str = ""
    rows: int = 0
    accounts: int = 0
    base: Stood | None = None
    """How the base rate stands beside them."""

    def plain(self, tuned: Tuned | None) -> dict[str, Any]:
        """Return the manifest's `chosen`.

        `candidates`: name, words, complexity, loss (1 - AUC within folds), behind (the best one's loss subtracted) and
        se (the standard error of `behind`, paired by account), the simplest first; with one candidate alone, which
        nothing was compared with, the figures are None. `base_rate`: loss, behind and se of the same probability for
        all. `signal`: whether the best is beyond that. `tuned`: see Tuned.plain; None
        without.
        """
        stood = self.stood or (Stood(self.candidate, float("nan"), float("nan"), float("nan")),)
        return {
            "candidates": [
                {
                    "name": each.candidate.name,
                    "words": each.candidate.words,
                    "complexity": each.candidate.complexity,
                    **_figures(each),
                }
                for each in stood
            ],
            "chosen": self.candidate.name,
            "base_rate": None if self.base is None else _figures(self.base),
            "signal": not self.no_signal if self.stood else None,
            "rule": RULE if self.stood else "the only candidate",
            "note": self.note,
            "judged_on": self.judged_on,
            "rows": self.rows,
            "accounts": self.accounts,
            "tuned": None if tuned is None else tuned.plain(),
        }

    @property
    def no_signal(self) -> bool:
        """Whether nothing that was compared is beyond the base rate."""
        return self.base is not None and self.base.behind <= SIGNAL * self.base.error

    @property
    def note(self) -> str:
        """Why this one, in a sentence."""
        if not self.stood:
            return "Nothing was compared."
        on = f"On {self.rows:,} rows of {self.accounts:,} accounts ({self.judged_on})"
        best = min(self.stood, key=lambda each: each.loss)
        if self.no_signal:
            return (
                f"No signal: {on[0].lower()}{on[1:]} the largest AUC, {1 - best.loss:.3f}, is not {SIGNAL:g} standard "
                "errors above .5, which is chance, so that the simplest is taken."
            )
        if best.candidate == self.candidate:
            return f"{on} it has the largest AUC, and nothing simpler comes within a standard error of it."
        here = next(each for each in self.stood if each.candidate == self.candidate)
        return (
            f"{on} the largest AUC is that of '{best.candidate.name}'; this is the simplest one within a standard "
            f"error of it ({here.behind:.5f} behind, standard error {here.error:.5f})."
        )


RULE = (
    "the simplest candidate whose AUC is within one standard error (of the difference, paired by account) of the "
    f"largest; the simplest of all where the largest is not {SIGNAL:g} standard errors above chance"
)


def choose(members: Members, candidates: Sequence[Candidate], judging: Judging) -> Choice:
    """Return the choice among candidates on the folds of `members`.

    With one candidate, or without folds, the first is taken as it is.
    """
    if len(candidates) == 1 or not judging.folds:
        return Choice(candidates[0])
    areas = {candidate: _area(members.later(candidate), judging) for candidate in candidates}
    judged = {candidate: area for candidate, area in areas.items() if area is not None}
    if not judged:
        return Choice(candidates[0])
    stood, beside = standing(judged)
    accounts = np.concatenate([fold.accounts for fold in judging.folds])
    chosen = simplest(stood, beside).candidate
    return Choice(chosen, tuple(stood), judging.words, len(accounts), len(np.unique(accounts)), beside)


def _area(later: Later, judging: Judging) -> Area | None:
    """Return the AUC of margins on the folds' later rows; rows of two folds, whose levels differ, are not compared."""
    accounts = [fold.accounts for fold in judging.folds]
    fold = np.repeat(np.arange(len(accounts)), [len(each) for each in accounts])
    return area(later.label.astype(np.float64), later.margin, np.concatenate(accounts), fold)


def _figures(stood: Stood) -> dict[str, float | None]:
    return {"loss": _figure(stood.loss), "behind": _figure(stood.behind), "se": _figure(stood.error)}


def _figure(value: float) -> float | None:
    return round(value, DIGITS) if np.isfinite(value) else None
