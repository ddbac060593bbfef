"""Recipes: what is fitted side by side. The champion's, which choosing makes, and the two baselines beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from features.spec import Feature
from models.choosing.candidates import LOGISTIC, RECENCY, Candidate, Part
from models.rows import Encoded
from models.targets import Target
from pipeline.errors import TrainingRefused
from pipeline.tables import INVOICES

PLAIN = Candidate("plain", 5, (Part("trees", style="library"),), "boosted trees with the library's own settings")
"""A baseline, not a peer: shown by `keepgrow backtest` alone."""

RECIPES: Mapping[str, Candidate | None] = {"model": None, "logistic": LOGISTIC, "recency": RECENCY, "plain": PLAIN}
"""What each recipe is made of; None: what choosing finds best (see `models.choosing`)."""


PURCHASE, INTERACTION, CONTRACT = "days_since_purchase", "days_since_interaction", "days_since_contract_change"

FILLED = 0.5
"""Share of rows that must know how long ago something was for the rule to prefer it."""


def recency_feature(features: Sequence[Feature], target: Target, rows: Encoded, needed: bool = True) -> str | None:
    """Return the feature that counts days since the account was last active.

    The order is decided beforehand: the last purchase and then the last interaction where the target reads invoices,
    the other way round elsewhere, and a change of contract where the tables tell neither. The first that at least half
    the rows know is taken, else the one most often known. Without any, raises TrainingRefused if it is `needed`.
    """
    order = (PURCHASE, INTERACTION) if INVOICES.name in target.reads else (INTERACTION, PURCHASE)
    at = {feature.name: position for position, feature in enumerate(features)}
    found = [name for name in order if name in at] or [name for name in (CONTRACT,) if name in at]
    if not found and not needed:
        return None
    if not found:
        raise TrainingRefused(
            f"target '{target.name}': the recency rule needs days since the last purchase or interaction, and neither "
            "is there. Map the table invoices or interactions."
        )
    weight = np.ones(len(rows.label)) if rows.weight is None else rows.weight
    known = {name: float(weight @ ~np.isnan(rows.column(at[name])) / weight.sum()) for name in found}
    return next((name for name in found if known[name] >= FILLED), max(found, key=known.__getitem__))
