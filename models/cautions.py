"""What to say before anybody trusts a list: a label that is nearly a coin's toss, a model without signal.

Stated rules on figures, each with a sentence for people. They forbid nothing: a list is made and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from models.bootstrap import Interval
from models.targets import Target

Verdict = Literal["signal", "hardly any signal", "no signal shown", "not enough data to rank", "not judged"]

CHANCE = 0.5
LITTLE = 0.6
"""An AUC that may lie below this tells accounts apart so little that recency or chance might have done it."""

COIN = (0.4, 0.6)
"""Base rates within these are hardly what "leaves" or "grows" means to anybody."""


def verdict(auc: Interval, small: bool = False) -> Verdict:
    """Return what a model's AUC on pooled out-of-time rows shows, by its 95 % interval.

    `no signal shown`: the interval reaches down to .5, which is chance; of a `small` book that is `not enough data to
    rank`, since few outcomes hide a signal as well; `hardly any signal`: it reaches below .60; `not judged`: there is
    no interval; otherwise `signal`. That the interval is wide does not help: what is not shown is not claimed.
    """
    if auc.value is None or auc.low is None:
        return "not enough data to rank" if small else "not judged"
    if auc.low <= CHANCE:
        return "not enough data to rank" if small else "no signal shown"
    return "hardly any signal" if auc.low < LITTLE else "signal"


def cautions(
    target: Target, rows: int, positives: int, auc: Interval, small: Mapping[str, Any] | None = None
) -> list[str]:
    """Return sentences to show wherever the target's figures or list are shown; often none.

    `rows` and `positives` count the rows that the base rate is taken over, all dates pooled. `small` says how a small
    book was judged and what more it takes (see `models.small.design`); None for a larger one.
    """
    signal = _signal(target, auc) if small is None else _not_enough(target, auc, small)
    found = [_coin(target, rows, positives), signal]
    return [sentence for sentence in found if sentence is not None]


def told(
    target: Target, rows: int, positives: int, auc: Interval, small: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return `verdict` and `warnings` as backtests and notes hold them."""
    return {
        "verdict": verdict(auc, small is not None),
        "warnings": cautions(target, rows, positives, auc, small),
    }


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


def _not_enough(target: Target, auc: Interval, small: Mapping[str, Any]) -> str | None:
    shown = verdict(auc, small=True)
    said = f"target '{target.name}': "
    if shown == "signal":
        return f"{said}a small book. {small['words']}" if not small["out_of_time"] else None
    takes = small["needed"]["words"]
    if auc.value is None or auc.low is None or auc.high is None:
        return f"{said}{shown}. {small['words']} {takes}"
    interval = f"AUC {_short(auc.value)}, 95 % interval {_short(auc.low)} to {_short(auc.high)}"
    if shown == "not enough data to rank":
        reach = (
            "lies below .5: the model ranks the wrong way round" if auc.high < CHANCE else "does not rule out chance"
        )
        chance = "" if auc.high < CHANCE else " (.5)"
        return f"{said}{shown}: {interval}, which {reach}{chance}. {small['words']} {takes}"
    return f"{said}{shown}: {interval}, which reaches below .60. {small['words']}"


def _short(figure: float) -> str:
    """Return `.583`, the way an AUC is written in sentences."""
    return f"{figure:.3f}".replace("0.", ".", 1)
