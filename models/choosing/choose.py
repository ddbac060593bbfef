"""Chooses among candidates on inner folds, and says what was compared, how far apart they were, and why this one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.choosing.candidates import Candidate
from models.choosing.folds import Judging
from models.choosing.members import Members
from models.choosing.rule import Stood, halves, row_losses, simplest, standing
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

    def plain(self, tuned: Tuned | None) -> dict[str, Any]:
        """Return the manifest's `chosen`.

        `candidates`: name, words, complexity, loss (see `models.choosing.rule.row_losses`, its mean), behind (the best
        one's loss subtracted) and se (the standard error of `behind`, rows paired, by account), the simplest first;
        with one candidate alone, which nothing was compared with, the figures are None. `tuned`: see Tuned.plain; None
        without.
        """
        stood = self.stood or (Stood(self.candidate, float("nan"), float("nan"), float("nan")),)
        return {
            "candidates": [
                {
                    "name": each.candidate.name,
                    "words": each.candidate.words,
                    "complexity": each.candidate.complexity,
                    "loss": _figure(each.loss),
                    "behind": _figure(each.behind),
                    "se": _figure(each.error),
                }
                for each in stood
            ],
            "chosen": self.candidate.name,
            "rule": RULE if self.stood else "the only candidate",
            "note": self.note,
            "judged_on": self.judged_on,
            "rows": self.rows,
            "accounts": self.accounts,
            "tuned": None if tuned is None else tuned.plain(),
        }

    @property
    def no_signal(self) -> bool:
        """Whether nothing that was compared goes beyond a rule without a model."""
        return bool(self.stood) and self.candidate.complexity == 0

    @property
    def note(self) -> str:
        """Why this one, in a sentence."""
        if not self.stood:
            return "Nothing was compared."
        on = f"On {self.rows:,} rows of {self.accounts:,} accounts ({self.judged_on})"
        best = min(self.stood, key=lambda each: each.loss)
        if self.no_signal:
            return (
                f"No signal beyond the rule: {on[0].lower()}{on[1:]} no model's loss lies more than 2 standard errors "
                f"below that of {self.candidate.words}."
            )
        if best.candidate == self.candidate:
            return f"{on} it has the smallest loss, and nothing simpler comes within a standard error of it."
        here = next(each for each in self.stood if each.candidate == self.candidate)
        return (
            f"{on} the smallest loss is that of '{best.candidate.name}'; this is the simplest one within a standard "
            f"error of it ({here.behind:.5f} behind, standard error {here.error:.5f})."
        )


RULE = (
    "the simplest candidate whose loss is within one standard error (of the difference, paired by account) of the "
    "smallest; the rule without a model stays within two"
)


def choose(members: Members, candidates: Sequence[Candidate], judging: Judging) -> Choice:
    """Return the choice among candidates on the folds of `members`.

    With one candidate, or without folds, the first is taken as it is.
    """
    if len(candidates) == 1 or not judging.folds:
        return Choice(candidates[0])
    laters = {candidate: members.later(candidate) for candidate in candidates}
    row, half = halves(np.concatenate([fold.accounts for fold in judging.folds]))
    losses = {
        candidate: row_losses(later.margin, later.label, half, later.weight) for candidate, later in laters.items()
    }
    stood = standing(losses, row, next(iter(laters.values())).weight)
    return Choice(simplest(stood).candidate, tuple(stood), judging.words, len(row), int(row.max()) + 1)


def _figure(value: float) -> float | None:
    return round(value, DIGITS) if np.isfinite(value) else None
