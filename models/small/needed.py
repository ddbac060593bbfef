"""What it would take to tell: how many accounts with the outcome until a useful model shows as one.

Not in how many months: test dates are few, whatever the history, so that time alone brings no more outcomes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from scipy.stats import norm

from models.area import LEVEL, Area, variance

AIM = 0.65
"""An AUC worth having on a small book; half of all models of churn that are published do better."""

POWER = 0.8
CHANCE = 0.5

DATES = "more test dates ([evaluate] n_folds, or folds)"
HISTORY = "a longer history"


@dataclass(frozen=True)
class Needed:
    """Accounts with the rarer outcome: those there are and those it takes to tell AIM."""

    found: int
    accounts: int
    judged: bool = False
    """Whether a model's AUC was measured on these accounts."""
    in_time: bool = False
    """Whether on dates after those learnt from, of which more may be asked for."""

    @property
    def enough(self) -> bool:
        return self.found >= self.accounts

    def plain(self) -> dict[str, Any]:
        return {
            "auc": AIM, "power": POWER, "found": self.found, "accounts": self.accounts, "words": self.words
        }  # fmt: skip

    @property
    def words(self) -> str:
        """What there is and what it takes, in a sentence or two."""
        what = f"an AUC of {AIM:.2f}".replace("0.", ".")
        if self.enough and self.judged:
            return (
                f"With {self.found:,} accounts that had the rarer outcome, {what} would most likely have shown; what "
                "there is to tell is less than that."
            )
        takes = f"To tell {what} from chance, four times in five, takes about {self.accounts:,} accounts that had the "
        found = f"rarer outcome on dates such as these; there are {self.found:,}."
        if not self.found or self.enough:
            return f"{takes}{found}"
        times, more = self.accounts / self.found, DATES if self.in_time else HISTORY
        return f"{takes}{found} That is about {times:.1f} times as many: more accounts, or {more}."


def needed(others: int, positives: int, area: Area | None = None, in_time: bool = False) -> Needed:
    """Return what it takes for an AUC of AIM to lie above chance with the lower end of its 95 % interval.

    `others` and `positives` count accounts with label 0 and 1. The error of the AUC is that of
    `area` where it was measured, else that of so many independent rows; it falls with the root of the number of
    accounts at a given rate. The sample size is Hanley and McNeil's (1982), "The meaning and use of the area under a
    receiver operating characteristic (ROC) curve", Radiology 143, for one AUC against chance.
    """
    rarer = min(others, positives)
    if not rarer:
        return Needed(0, _without_outcomes())
    expected = math.sqrt(variance(AIM, others, positives))
    # A measured error of very few accounts may be luck: never less than that of independent ones.
    error = expected if area is None else max(area.error, expected)
    reach = float(norm.ppf((1 + LEVEL) / 2) + norm.ppf(POWER))
    return Needed(rarer, math.ceil(rarer * (reach * error / (AIM - CHANCE)) ** 2), area is not None, in_time)


def _without_outcomes() -> int:
    """Return the accounts it takes at a rate of one in ten, where no outcome was seen at all."""
    return needed(90, 10).accounts
