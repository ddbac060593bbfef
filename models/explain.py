"""Why an account is on a list: the model's contributions by family of features, in words with the account's figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.phrases import figure, say
from features.spec import Feature
from models.manifest import FittedModel, check_features

MOST = 3
"""Reasons per account."""


@dataclass(frozen=True)
class Reason:
    """A family of features that speaks for the call, told by its weightiest feature.

    `contribution` is the family's sum on the scale of the calibrated log-odds, above 0. `value` is the figure in `text`
    (None: unknown) and `typical` the training rows' median, or commonest category.
    """

    family: str
    text: str
    contribution: float
    feature: str
    value: float | str | None
    typical: float | str | None


def reasons(model: FittedModel, features: Sequence[Feature], frame: pd.DataFrame, currency: str) -> list[list[Reason]]:
    """Return up to three reasons per row of `frame` (the features' columns), the weightiest first.

    Only what raises the probability is a reason to call, for a risk as for an opportunity; families tie by name.
    TreeSHAP is slow, so pass only rows that reach a list. Raises ModelError when the features do not fit the model.
    """
    check_features(model.manifest, features)
    shares = model.scorer.contributions(model.encode(frame))
    typical = [described["typical"] for described in model.manifest["features"]]
    families: dict[str, list[int]] = {}
    for position, feature in enumerate(features):
        families.setdefault(feature.family, []).append(position)
    told = []
    for row in range(len(frame)):
        weight = {family: float(shares[row, members].sum()) for family, members in families.items()}
        raising = sorted((name for name in weight if weight[name] > 0), key=lambda name: (-weight[name], name))
        found = []
        for family in raising[:MOST]:
            position = _teller(families[family], shares[row], frame.iloc[row])
            value = _plain(frame.iat[row, position])
            text = _text(features[position], value, typical[position], currency)
            found.append(Reason(family, text, weight[family], features[position].name, value, typical[position]))
        told.append(found)
    return told


def reasons_for(
    model: FittedModel, features: Sequence[Feature], frame: pd.DataFrame, currency: str
) -> list[list[dict[str, Any]]]:
    """Return `reasons` as plain data, for the rows of a list."""
    return [[asdict(reason) for reason in row] for row in reasons(model, features, frame, currency)]


def _teller(members: list[int], shares: NDArray[np.float64], values: pd.Series[Any]) -> int:
    """Return the member that tells its family: the heaviest, or one with a figure that weighs half of that or more."""
    heaviest = max(members, key=lambda member: shares[member])
    told = [member for member in members if shares[member] >= shares[heaviest] / 2 and not pd.isna(values.iloc[member])]
    return max(told, key=lambda member: shares[member], default=heaviest)


def _text(feature: Feature, value: float | str | None, typical: float | str | None, currency: str) -> str:
    """Return the account's figure in words, with the typical one beside it where they read differently."""
    said = say(feature, value, currency)
    if value is None or typical is None:
        return said
    usual = figure(feature, typical, currency)
    return said if usual == figure(feature, value, currency) else f"{said} (typical: {usual})"


def _plain(value: Any) -> float | str | None:
    if value is None or isinstance(value, str):
        return value
    return None if pd.isna(value) else float(value)
