"""Recipes: what is fitted side by side. The champion's, which choosing makes, and the two baselines beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from features.spec import Feature
from models.choosing.candidates import LOGISTIC, RECENCY, Candidate, Part
from models.rows import Encoded
from models.targets import Target
from pipeline.errors import TrainingRefused

PLAIN = Candidate("plain", 5, (Part("trees", style="library"),), "boosted trees with the library's own settings")
"""A baseline, not a peer: shown by `keepgrow backtest` alone."""

RECIPES: Mapping[str, Candidate | None] = {"model": None, "logistic": LOGISTIC, "recency": RECENCY, "plain": PLAIN}
"""What each recipe is made of; None: what choosing finds best (see `models.choosing`)."""


def recency_feature(features: Sequence[Feature], target: Target, rows: Encoded, needed: bool = True) -> str | None:
    """Return the feature that counts days since the last purchase or interaction.

    Of those declared in the family recency it is one of the tables that the target reads, where there is one, and the
    most often filled. Where there is none, raises TrainingRefused if it is `needed`.
    """
    days = [
        (position, feature)
        for position, feature in enumerate(features)
        if feature.family == "recency" and feature.unit == "days"
    ]
    if not days and not needed:
        return None
    if not days:
        raise TrainingRefused(
            f"target '{target.name}': the recency rule needs days since the last purchase or interaction, and no "
            "feature of the family recency is there. Map the table invoices or interactions."
        )
    read = [(position, feature) for position, feature in days if feature.table in target.reads] or days
    weight = np.ones(len(rows.label)) if rows.weight is None else rows.weight
    return min(read, key=lambda pair: float(weight @ np.isnan(rows.column(pair[0]))))[1].name
