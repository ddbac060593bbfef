"""What to say before anybody trusts a list: a label that is nearly a coin's toss, a model without signal.

Stated rules on figures, each with a sentence for people. They forbid nothing: a list is made and says so.
"""

from __future__ import annotations

from typing import Literal

from models.bootstrap import Interval
from models.targets import Target

Verdict = Literal["signal", "hardly any signal", "no signal shown", "not judged"]

CHANCE = 0.5
LITTLE = 0.6
"""An AUC that may lie below this tells accounts apart so little that recency or chance might have done it."""

COIN = (0.4, 0.6)
"""Base rates within these are hardly what "leaves" or "grows" means to anybody."""


def verdict(auc: Interval) -> Verdict:
    """Return what a model's AUC on pooled out-of-time rows shows, by its account-bootstrap 95 % interval.

    `no signal shown`: the interval reaches down to .5, which is chance; `hardly any signal`: it reaches below .60;
    `not judged`: there is no interval; otherwise `signal`. That the interval is wide does not help: what is not shown
    is not claimed.
    """
    if auc.value is None or auc.low is None:
        return "not judged"
    if auc.low <= CHANCE:
        return "no signal shown"
    return "hardly any signal" if auc.low < LITTLE else "signal"


def cautions(target: Target, rows: int, positives: int, auc: Interval) -> list[str]:
    """Return sentences to show wherever the target's figures or list are shown; often none.

    `rows` and `positives` count the rows that the base rate is taken over, all dates pooled.
    """
    found = [_coin(target, rows, positives), _signal(target, auc)]
    return [sentence for sentence in found if sentence is not None]


def _coin(target: Target, rows: int, positives: int) -> str | None:
    if not rows or not COIN[0] <= positives / rows <= COIN[1]:
        return None
    return (
        f"target '{target.name}': nearly every second account has the outcome ({positives:,} of {rows:,} rows, "
        f"{positives / rows:.0%}: {target.words['label']}). That is seldom what the word means to those who call: "
        f"{target.narrowed_by} in [targets.{target.name}] asks for something rarer."
    )


def _signal(target: Target, auc: Interval) -> str | None:
    shown = verdict(auc)
    if auc.value is None or auc.low is None or auc.high is None or shown == "signal":
        return None
    interval = f"AUC out of time {_short(auc.value)}, 95 % interval {_short(auc.low)} to {_short(auc.high)}"
    if auc.high < CHANCE:
        reach = "lies below .5: the model ranks the wrong way round"
    else:
        reach = "reaches down to .5, which is chance" if shown == "no signal shown" else "reaches below .60"
    if auc.high >= LITTLE:
        meaning = "There are too few outcomes on past dates to tell; until there are more,"
    else:
        meaning = "These tables hardly tell who will have the outcome;"
    return (
        f"target '{target.name}': {shown}: {interval}, which {reach}. {meaning} ranking by value at stake alone may "
        "serve as well. `keepgrow validate` says what it finds in the tables."
    )


def _short(figure: float) -> str:
    """Return `.583`, the way an AUC is written in sentences."""
    return f"{figure:.3f}".replace("0.", ".", 1)
