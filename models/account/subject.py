"""One account of a material at an as_of, and how its figures are written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from features.phrases import figure, known_value
from features.spec import Feature
from models.material import Material


@dataclass(frozen=True)
class Account:
    """One account of the material at an as_of."""

    material: Material
    account_id: str
    as_of: date
    shown: dict[str, Any]
    """Name, account manager, team, segment and country, None where not known."""
    features: pd.DataFrame
    """Its features, one row indexed by account_id; none where nothing was known of it."""

    def figure(self, feature: Feature, value: Any) -> str:
        """Return a figure of a feature alone, as reasons write it; "?" for an unknown one."""
        known, settings = known_value(value), self.material.settings
        return "?" if known is None else figure(feature, known, settings.money.currency, settings.lists.language)


def plain(value: Any) -> Any:
    """Return a cell as JSON can hold it, every kind of blank as None."""
    if isinstance(value, str):
        return value
    if value is None or pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value
