"""How a report writes figures: thousands separated, shares with a space before the sign, AUC without its zero."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape

BLANK = "–"
"""What stands where there is no figure."""

KEPT = "\u00a0"
"""The space that keeps a figure and its unit on one line."""


def known(value: Any) -> bool:
    return value is not None and not (isinstance(value, float) and not math.isfinite(value))


def count(value: Any) -> str:
    """Return `1,234`."""
    return f"{value:,.0f}" if known(value) else BLANK


def money(value: Any, currency: str) -> str:
    """Return `EUR 1,234`."""
    return f"{currency}{KEPT}{value:,.0f}" if known(value) else BLANK


def percent(value: Any, digits: int | None = None) -> str:
    """Return `38 %`, or `3.8 %` below ten where `digits` does not say otherwise."""
    if not known(value):
        return BLANK
    if digits is None:
        digits = 0 if abs(value) >= 0.0995 or value == 0 else 1
    return f"{100 * value:.{digits}f}{KEPT}%"


def points(value: Any) -> str:
    """Return percentage points with their sign, `+3.1`."""
    if not known(value):
        return BLANK
    return f"{value:+.1f}" if round(value, 1) else "0.0"


def figure(value: Any) -> str:
    """Return `.743`, the way figures between 0 and 1 are written beside each other; larger ones with two digits."""
    if not known(value):
        return BLANK
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}".replace("0.", ".", 1)


def interval(ends: Mapping[str, Any] | None, signed: bool = False) -> str:
    """Return `.721 to .765`, empty where it is not known."""
    if not ends or not known(ends.get("low")) or not known(ends.get("high")):
        return ""
    low, high = figure(ends["low"]), figure(ends["high"])
    if signed:
        low, high = (("+" + each if value >= 0 else each) for each, value in ((low, ends["low"]), (high, ends["high"])))
    return f"{low} to {high}"


def moment(at: datetime) -> str:
    """Return `2026-01-01 06:30 UTC`."""
    return f"{at:%Y-%m-%d %H:%M} {at.tzname() or ''}".rstrip()


def many(number: int, thing: str) -> str:
    """Return `1 warning` or `1,234 warnings`."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def ticks(text: str) -> Markup:
    """Return the text with what stands between backticks set as code, everything in it escaped."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped just before


def quoted(text: str) -> str:
    """Return a word of a command as a shell takes it."""
    return shlex.quote(text)


def short(digest: str | None) -> str:
    """Return the beginning of a digest."""
    return digest[:12] if digest else BLANK


METRICS = (
    ("auc", "AUC", "how often an account with the outcome is scored above one without; .5 is chance"),
    ("average_precision", "Average precision", "mean precision over the list; the base rate is chance"),
    ("lift_10", "Lift, first tenth", "how many times the base rate the first tenth of the list holds"),
    ("value_captured_10", "Value, first tenth", "share of all value lost or won that the first tenth by worth holds"),
    ("precision_at_capacity", "Precision at capacity", "share with the outcome among the rows that can be called"),
    ("brier", "Brier score", "mean squared error of the probabilities; smaller is better"),
    ("ece", "Calibration error", "mean gap between predicted and observed rates; smaller is better"),
)
"""Metric, its name, and what it says."""

CONTENDERS = {"model": "Model", "logistic": "Logistic regression", "recency": "Recency rule", "plain": "Plain LightGBM"}

OUTCOMES = {
    "promoted": "a new model was trained and promoted",
    "rule": "the recency rule ranks, no model has shown more",
    "kept": "champion kept after a training",
    "not due": "champion kept, no training was due",
    "refused": "training refused",
    "failed": "failed",
}
"""What came of a training, in a few words."""

SECTIONS = {
    "listed": "to call",
    "over_capacity": "worth a call, over capacity",
    "not_worth_it": "not worth the call's cost",
    "leaving": "leaving already: the end is known",
    "too_new": "too new to score",
    "outside": "outside the question",
}
"""Where a target's accounts go, in words, by the name of the count."""

GONE = {
    "leaving": "is leaving now",
    "too_new": "too new to score",
    "scored": "over capacity, or not worth a call",
    "off the list": "not scored: excluded, or not in the cohort",
}
"""Where an account is that left the list."""

CAUSES = {
    "new_facts": "new facts",
    "passing_time": "passing time",
    "new_model": "new model",
    "rewritten": "past told differently",
}
"""The parts of a score's change, in words."""
