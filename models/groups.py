"""Groups of accounts that a backtest is broken down by: segment, country, tenure and size.

Segment and country are the attributes that lists show (`Snapshot.display`): as known at each test date where the table
accounts has `known_at`, otherwise as they are today.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ATTRIBUTES = ("segment", "country")
TENURE = "days_with_us"
"""Column of a prediction frame: days since the account was opened, else since its first row; NaN where not known."""

TENURE_FEATURES = ("days_since_opened", "days_observed")
"""The features that tell the tenure, the better one first."""

TENURES = ((182, "under 6 months"), (365, "6 to 12 months"), (730, "1 to 2 years"), (1826, "2 to 5 years"))
LONGEST = "over 5 years"

MOST = 8
"""Groups of an attribute that are told apart, the largest; the rest are one."""

FEWEST = 20
"""Accounts with and without the outcome that a group needs; with fewer nothing can be said of how well it is told."""

DECIMALS = 6
"""Of a base amount, at most."""

OTHER, UNKNOWN = "other", "not known"
REST = "all others"
"""Says `other` where that is a value of the attribute itself."""


@dataclass(frozen=True)
class Grouping:
    """A way to group rows: `place` gives each row's group as a position in `names`.

    Without any names every group is too small to say anything of.
    """

    by: str
    names: Sequence[str]
    place: NDArray[np.intp]


def groupings(predictions: pd.DataFrame) -> list[Grouping]:
    """Return the ways in which the rows fall into at least two groups, also those of which all are too small.

    `predictions` has account_id, label, base and, where they are known, segment, country (texts) and `TENURE`. Groups
    of an attribute with fewer than FEWEST accounts of either label are put together as `other`.
    """
    made = [_attribute(predictions, name) for name in ATTRIBUTES if name in predictions.columns]
    if TENURE in predictions.columns:
        made.append(_tenure(predictions[TENURE].to_numpy(float)))
    made.append(_size(predictions["base"].to_numpy(float)))
    return [grouping for grouping in made if len(grouping.names) != 1]


def is_small(accounts: NDArray[Any], label: NDArray[Any]) -> bool:
    """Return whether rows are of too few accounts, with the outcome or without it, to say how well they are told."""
    return min(len(np.unique(accounts[label == value])) for value in (0, 1)) < FEWEST


def _attribute(predictions: pd.DataFrame, name: str) -> Grouping:
    texts = predictions[name].astype(object).where(predictions[name].notna(), UNKNOWN).astype(str)
    sizes = texts.value_counts()
    ordered = sorted(sizes.index, key=lambda text: (-sizes[text], text))
    accounts, label = pd.factorize(predictions["account_id"])[0], predictions["label"].to_numpy()
    kept = []
    for text in ordered[:MOST]:
        own = (texts == text).to_numpy()
        if not is_small(accounts[own], label[own]):
            kept.append(text)
    if len(ordered) - len(kept) < 2:
        kept = ordered
    elif not kept:
        return Grouping(name, [], np.zeros(len(texts), np.intp))
    codes = {text: place for place, text in enumerate(kept)}
    place = texts.map(codes).fillna(len(kept)).to_numpy(np.intp)
    rest = REST if OTHER in kept else OTHER
    return Grouping(name, kept if len(kept) == len(ordered) else [*kept, rest], place)


def _tenure(days: NDArray[np.float64]) -> Grouping:
    bounds = [bound for bound, _ in TENURES]
    place = np.where(np.isnan(days), len(bounds) + 1, np.searchsorted(bounds, days, side="right"))
    return _present("tenure", [*(name for _, name in TENURES), LONGEST, UNKNOWN], place)


def _size(base: NDArray[np.float64]) -> Grouping:
    """Return thirds by the base amount; rows with equal amounts stay together."""
    low, high = np.quantile(base, [1 / 3, 2 / 3], method="lower")
    least, most = _written(float(low), float(high))
    names = [f"up to {least}", f"to {most}", f"above {most}"]
    return _present("size", names, np.searchsorted([low, high], base, side="left"))


def _written(low: float, high: float) -> tuple[str, str]:
    """Return the bounds with as few decimals as tell them from each other and from 0."""
    told = [(f"{low:,.{digits}f}", f"{high:,.{digits}f}") for digits in range(DECIMALS + 1)]
    for least, most in told:
        apart = low == high or least != most
        if apart and all(
            not value or any(digit in "123456789" for digit in text) for value, text in ((low, least), (high, most))
        ):
            return least, most
    return told[-1]


def _present(by: str, names: Sequence[str], place: NDArray[np.intp]) -> Grouping:
    there, renumbered = np.unique(place, return_inverse=True)
    return Grouping(by, [names[each] for each in there], renumbered)
