"""How a small book was judged and what that shows, in words and figures for reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import pandas as pd

from models.area import Area
from models.dataset import Dataset
from models.small.needed import needed
from models.small.size import is_small
from pipeline.settings import Settings

IN_TIME = "Judged on accounts left out of training, at dates after it."
SAME_DATES = (
    "Judged on accounts left out of training, at the dates learnt from: the history is too short for later ones, so "
    "that this is not out of time and may flatter the model."
)


NOT_FITTED = "There are too few outcomes to fit a model, let alone to judge one."
NOT_JUDGED = "No date could be judged on."


class Judged(Protocol):
    """What is asked of a backtest."""

    @property
    def plain(self) -> Mapping[str, Any]: ...


def design_of(rows: pd.DataFrame, found: Area | None, in_time: bool) -> dict[str, Any] | None:
    """Return how the pooled rows of a small book were judged: None when the latest date's book is not small.

    `out_of_time`, `words`, and `needed` (see `models.small.needed.Needed.plain`).
    """
    if (
        "group" not in rows.columns
        or rows.empty
        or rows.loc[rows["as_of"] == rows["as_of"].max(), "group"].isna().any()
    ):
        return None
    others, positives = (rows.loc[rows["label"] == which, "account_id"].nunique() for which in (0, 1))
    takes = needed(int(others), int(positives), found, in_time)
    return {"out_of_time": in_time, "words": IN_TIME if in_time else SAME_DATES, "needed": takes.plain()}


def small_book(data: Dataset, settings: Settings, evaluated: Judged | None, thin: str | None) -> dict[str, Any] | None:
    """Return a training's `design_of`: that of its backtest, or what the rows to learn from show without one.

    None when the book is not small, and when it is not `thin` (why no model can be fitted) either.
    """
    if evaluated is not None:
        return evaluated.plain.get("small")
    if thin is None and not is_small(data, settings):
        return None
    rows = data.rows
    others, positives = (rows.loc[rows["label"] == which, "account_id"].nunique() for which in (0, 1))
    takes = needed(int(others), int(positives))
    return {"out_of_time": False, "words": NOT_FITTED if thin else NOT_JUDGED, "needed": takes.plain()}
