"""Compares what the engine builds with the slow features: counts, days and sums exactly, the rest to 1e-9."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd
from random_histories import Raw, columns_of, history_of
from slow_features import slow_features

from features.catalogue import facts_for, features_for
from features.engine import build_features
from features.spec import Fact, Feature
from pipeline.history import History
from pipeline.settings import AccountSettings

EXACT = ("count", "days", "money")
"""Units compared bit for bit, unless the feature is a mean, a ratio or decayed."""


def features_of(
    raw: Raw, attributes: tuple[str, ...] = (), constant: tuple[str, ...] = ()
) -> tuple[Feature | Fact, ...]:
    """Return the features that the rows allow, and the facts that their phrases show."""
    features = features_for(columns_of(raw), AccountSettings(features=attributes, constant=constant))
    return (*features, *facts_for(features))


def differences(
    raw: Raw,
    as_ofs: Sequence[date],
    attributes: tuple[str, ...] = (),
    constant: tuple[str, ...] = (),
    kind: type[History] = History,
) -> list[str]:
    """Return what differs between the engine and the slow loop, in words; empty when nothing does."""
    features = features_of(raw, attributes, constant)
    built = build_features(history_of(raw, constant, kind), as_ofs, features)
    return disagreements(built, raw, as_ofs, features, attributes, constant)


def disagreements(
    built: pd.DataFrame,
    raw: Raw,
    as_ofs: Sequence[date],
    features: Sequence[Feature | Fact],
    attributes: tuple[str, ...] = (),
    constant: tuple[str, ...] = (),
) -> list[str]:
    """Return where features built from these rows, as `build_features` returns them, differ from the slow loop's."""
    rows = built.to_dict("records")
    facts = {fact.name for fact in facts_for([each for each in features if isinstance(each, Feature)])}
    found: list[str] = []
    for as_of in as_ofs:
        slow = slow_features(raw, as_of, constant, attributes)
        fast = {row["account_id"]: row for row in rows if row["as_of"] == pd.Timestamp(as_of)}
        if list(fast) != list(slow):
            found.append(f"{as_of}: accounts {list(fast)} instead of {list(slow)}")
            continue
        for account, expected in slow.items():
            if one_side := ({feature.name for feature in features} ^ set(expected)) - facts:
                found.append(f"names that only one side has: {one_side}")
            for feature in features:
                name, figure = feature.name, fast[account][feature.name]
                if name in expected and not _agree(feature, figure, expected[name]):
                    found.append(f"{as_of} {account} {name}: {figure} instead of {expected[name]}")
    return found


def _agree(feature: Feature | Fact, fast: Any, slow: Any) -> bool:
    if feature.unit == "category" or slow is None:
        return fast == slow or (slow is None and (fast is None or math.isnan(fast)))
    inexact = any(word in feature.name for word in ("mean", "per_", "decayed", "deviation", "days_to_close", "usual"))
    if feature.unit in EXACT and not inexact:
        return fast == slow
    return math.isclose(fast, slow, rel_tol=1e-9, abs_tol=1e-9)
