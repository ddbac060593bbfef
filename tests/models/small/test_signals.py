"""What a small model looks at is written down beforehand, and taken by what a book fills, never by the outcome."""

from __future__ import annotations

import numpy as np

from features.catalogue import FEATURES
from models.rows import Encoded
from models.small.signals import SIGNALS, Look, looks
from models.targets import Target

NAN = np.nan


def rows(label: tuple[int, ...] = (0, 1, 0, 1), **columns: tuple[float, ...]) -> Encoded:
    return Encoded(np.column_stack(list(columns.values())), np.array(label, np.int8), tuple(columns), {})


def test_the_first_feature_that_is_filled_and_varies_stands_for_its_signal(churn: Target) -> None:
    book = rows(
        usage_30d=(5.0, 5.0, 5.0, 5.0),
        usage_90d=(1.0, 2.0, 3.0, 4.0),
        nps_mean_365d=(NAN, NAN, NAN, 7.0),
        csat_mean_365d=(NAN, 4.0, 5.0, 3.0),
        something_else=(1.0, 2.0, 3.0, 4.0),
    )
    assert looks(book, churn) == [Look("usage_90d", -1, "use"), Look("csat_mean_365d", -1, "survey")]


def test_a_feature_stands_for_one_signal_only(churn: Target) -> None:
    found = looks(rows(days_since_purchase=(1.0, 2.0, 3.0, 4.0)), churn)
    assert [(look.feature, look.signal) for look in found] == [("days_since_purchase", "overdue by own rhythm")]


def test_directions_turn_with_the_question(churn: Target, upsell: Target) -> None:
    book = rows(usage_30d=(1.0, 2.0, 3.0, 4.0), spend_change_90d=(1.0, 2.0, 3.0, 4.0))
    assert [(look.feature, look.direction) for look in looks(book, churn)] == [
        ("usage_30d", -1),
        ("spend_change_90d", -1),
    ]
    assert [(look.feature, look.direction) for look in looks(book, upsell)] == [("usage_30d", 1)]


def test_the_outcome_plays_no_part(churn: Target) -> None:
    columns = {"usage_30d": (1.0, 2.0, 3.0, 4.0), "tickets_90d": (0.0, 1.0, 0.0, 2.0)}
    assert looks(rows((0, 1, 0, 1), **columns), churn) == looks(rows((1, 0, 0, 0), **columns), churn)


def test_every_signal_names_features_that_exist() -> None:
    known = {feature.name for feature in FEATURES}
    assert [name for signal in SIGNALS for name in signal.features if name not in known] == []
