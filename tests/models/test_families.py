from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from features.catalogue import FEATURES
from models.dataset import Dataset
from models.families import families_of, losses, without
from pipeline.report.families import families
from pipeline.report.section import About

SETTINGS = SimpleNamespace(run=SimpleNamespace(seed=0), evaluate=SimpleNamespace(bootstrap=200, capacity=10))


def rows(count: int = 400) -> pd.DataFrame:
    """Return rows of which `useful` is told by one family and `idle` by none: without the first, chance is left."""
    random = np.random.default_rng(0)
    label = random.integers(0, 2, count)
    whole = np.where(label == 1, 0.7, 0.3) + random.uniform(-0.25, 0.25, count)
    return pd.DataFrame(
        {
            "account_id": [f"a{number}" for number in range(count)],
            "as_of": pd.Timestamp("2026-01-01"),
            "label": label,
            "realised": 0.0,
            "whole_probability": whole,
            "useful_probability": random.uniform(0.3, 0.7, count),
            "idle_probability": whole,
        }
    )


def test_a_family_earns_what_is_lost_without_it() -> None:
    lost = losses(rows(), ["useful", "idle"], SETTINGS)  # type: ignore[arg-type]
    assert lost["useful"]["auc"]["low"] > 0.2
    assert lost["useful"]["log_loss"]["low"] > 0
    assert lost["idle"]["auc"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert lost["idle"]["log_loss"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_log_loss_added_is_that_without_less_that_of_the_whole() -> None:
    four = pd.DataFrame(
        {
            "account_id": list("abcd"), "as_of": pd.Timestamp("2026-01-01"), "label": [1, 1, 0, 0], "realised": 0.0,
            "whole_probability": [0.8, 0.8, 0.2, 0.2], "one_probability": [0.5, 0.5, 0.5, 0.5],
        }
    )  # fmt: skip
    found = losses(four, ["one"], SETTINGS)["one"]  # type: ignore[arg-type]
    assert found["log_loss"]["value"] == pytest.approx(np.log(0.8) - np.log(0.5))
    assert found["auc"]["value"] == 0.5


def test_every_feature_belongs_to_one_family() -> None:
    found = families_of(FEATURES)
    assert sum(map(len, found.values())) == len(FEATURES)
    assert sorted(feature.name for feature in found["lost"]) == [
        "contacts_lost_90d", "days_since_main_contact", "interactions_since_main_contact"
    ]  # fmt: skip
    assert sorted(feature.name for feature in found["expected"]) == [
        "purchase_alive_probability", "purchase_days_expected_60d", "spend_expected_over_recent_60d"
    ]  # fmt: skip
    assert {"moves", "seats", "expected", "lost", "lateness", "recency"} <= set(found)


def test_a_dataset_without_a_family_keeps_its_rows() -> None:
    recency, other = families_of(FEATURES)["recency"][0], families_of(FEATURES)["volume"][0]
    data = Dataset(pd.DataFrame({"label": [0, 1]}), pd.DataFrame({recency.name: [1.0, 2.0], other.name: [3.0, 4.0]}))
    kept = without(data, [other])
    assert list(kept.features) == [other.name]
    assert len(kept) == 2


def test_the_report_names_what_earns_and_what_harms() -> None:
    def part(name: str, low: float, high: float) -> dict[str, object]:
        interval = {"value": (low + high) / 2, "low": low, "high": high}
        return {"family": name, "features": 3, "cost": 0.25, "auc": interval, "log_loss": interval}

    told = {"n": 4, "folds": ["2026-01-01"], "families": [part("lateness", 0.01, 0.03), part("mix", -0.03, -0.01)]}
    section = families({"families": told}, About("churn", risk=True, currency="EUR"))
    assert section is not None
    assert section.said[0].endswith(
        "In AUC it loses by leaving out lateness. In log-loss it loses by leaving out lateness."
    )
    assert section.said[1:3] == ["In AUC it gains by leaving out mix.", "In log-loss it gains by leaving out mix."]
    assert section.grids[0].rows[0][0] == "lateness"
    assert section.grids[0].rows[0][4] == "25\xa0%"
    assert families({}, About("churn", risk=True, currency="EUR")) is None


def test_what_shows_in_log_loss_alone_is_said_of_it_alone() -> None:
    unsure, sure = ({"value": 0.02, "low": low, "high": 0.05} for low in (-0.01, 0.01))
    part = {"family": "trend", "features": 3, "cost": 0.25, "auc": unsure, "log_loss": sure}
    section = families(
        {"families": {"n": 4, "folds": ["2026-01-01"], "families": [part]}}, About("churn", risk=True, currency="EUR")
    )
    assert section is not None
    assert section.said[0].endswith(
        "In AUC it loses nothing for sure without any one. In log-loss it loses by leaving out trend."
    )
    assert len(section.said) == 2
