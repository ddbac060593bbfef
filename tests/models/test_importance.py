from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from features.measures import Since
from features.spec import Derived, Feature, expand
from features.words import Words
from models.importance import importance
from models.manifest import FittedModel
from pipeline.errors import ModelError


@pytest.fixture
def topics() -> tuple[Feature, ...]:
    def days(name: str, topic: str) -> Derived:
        return Derived(
            name,
            Since("interactions", "last"),
            Words("{value} days", "{value} dage"),
            unit="days",
            family="recency",
            topic=topic,
        )

    return expand((days("a", "logins"), days("b", "tickets"), days("c", "tickets")))


def additive(slopes: dict[str, float], names: list[str]) -> FittedModel:
    """A model whose log-odds are a sum of slope x (feature - 1)."""
    terms = [
        {"feature": name, "knots": [0.0, 2.0], "levels": [-slope, slope], "missing": 0.0, "at_mean": 0.0}
        for name, slope in slopes.items()
    ]
    manifest = {
        "recipe": "logistic",
        "target": {"name": "churn", "risk": True},
        "trained_until": "2026-03-01",
        "features": [{"name": name, "type": "number"} for name in names],
        "members": [{"kind": "curves", "file": "curves.json", "weight": 1.0}],
        "calibration": {"kind": "identity", "slope": 1.0, "intercept": 0.0},
        "increment": None,
        "format": 1,
    }
    return FittedModel.of(manifest, {"curves.json": json.dumps({"intercept": 0.0, "terms": terms}).encode()}, 1)


def test_a_topic_weighs_as_much_as_its_features_move_the_log_odds_together(topics) -> None:
    model = additive({"a": 1.0, "b": 2.0, "c": 1.0}, ["a", "b", "c"])
    frame = pd.DataFrame({"a": [0.0, 2.0], "b": [0.0, 2.0], "c": [0.0, 2.0]})
    # |-1| and |1| for logins; |-2 - 1| and |2 + 1| for tickets
    assert importance(model, topics, frame) == [
        {"topic": "tickets", "share": 0.75},
        {"topic": "logins", "share": 0.25},
    ]


def test_features_of_a_topic_that_cancel_out_weigh_nothing(topics) -> None:
    model = additive({"a": 1.0, "b": 2.0, "c": -2.0}, ["a", "b", "c"])
    frame = pd.DataFrame({"a": [0.0, 2.0], "b": [0.0, 2.0], "c": [0.0, 2.0]})
    assert importance(model, topics, frame) == [{"topic": "logins", "share": 1.0}, {"topic": "tickets", "share": 0.0}]


def test_only_so_many_rows_are_looked_at_from_first_to_last(topics) -> None:
    model = additive({"a": 1.0, "b": 1.0, "c": 0.0}, ["a", "b", "c"])
    frame = pd.DataFrame({"a": [2.0, 1.0, 1.0, 1.0, 1.0], "b": [1.0, 2.0, 2.0, 2.0, 1.0], "c": [0.0] * 5})
    assert importance(model, topics, frame, rows=2) == [
        {"topic": "logins", "share": 1.0},
        {"topic": "tickets", "share": 0.0},
    ]


def test_a_row_counts_for_as_many_as_it_stands_for(topics) -> None:
    model = additive({"a": 1.0, "b": 1.0, "c": 0.0}, ["a", "b", "c"])
    frame = pd.DataFrame({"a": [2.0, 1.0, 1.0], "b": [1.0, 1.0, 2.0], "c": [0.0] * 3})
    assert importance(model, topics, frame, rows=2, weight=np.array([1.0, 50.0, 3.0])) == [
        {"topic": "tickets", "share": 0.75},
        {"topic": "logins", "share": 0.25},
    ]


def test_a_model_that_looks_at_nothing_has_no_importance(topics) -> None:
    frame = pd.DataFrame({"a": [1.0], "b": [1.0], "c": [1.0]})
    assert importance(additive({"a": 1.0}, ["a", "b", "c"]), topics, frame) == []


def test_features_the_model_does_not_know_are_refused(topics) -> None:
    with pytest.raises(ModelError, match="does not fit the features"):
        importance(additive({"a": 1.0}, ["a"]), topics, pd.DataFrame({"a": [1.0]}))
