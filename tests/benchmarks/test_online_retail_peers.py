"""On real data the model holds against plain LightGBM and the logistic, on the folds that choices are made on."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from online_retail_peers import ALL, WORST, differences, holds, joined

from models.bootstrap import Interval
from pipeline.settings import Settings, read_settings

ROWS = {"churn": (6857, 3677), "upsell": (4672, 690)}
"""Rows on the earlier folds and those with label 1."""


@pytest.fixture(scope="module")
def settings(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return read_settings(root / "configs/online_retail.toml", state=str(tmp_path_factory.mktemp("state")))


@pytest.fixture(scope="module")
def predictions(settings: Settings, invoice_lines: Path) -> dict[str, pd.DataFrame]:
    return joined(settings, invoice_lines)


@pytest.mark.parametrize("target", ["churn", "upsell"])
def test_the_model_holds_on_the_earlier_folds(
    predictions: dict[str, pd.DataFrame], settings: Settings, target: str
) -> None:
    earlier = predictions[target][~predictions[target]["final"]]
    assert (len(earlier), int(earlier["label"].sum())) == ROWS[target]
    aucs, against = differences(earlier, settings)
    assert holds(against["plain"]), against["plain"]
    assert holds(against["logistic"]), against["logistic"]
    assert aucs["model"].value is not None
    assert aucs["recency"].value is not None
    assert aucs["model"].value > aucs["recency"].value + 0.02


def test_an_interval_that_reaches_too_far_down_does_not_hold() -> None:
    assert holds(Interval(0.0, -0.0149, 0.02))
    assert not holds(Interval(0.01, WORST, 0.02))
    assert not holds(Interval(None, None, None))


def test_a_worse_model_is_told(predictions: dict[str, pd.DataFrame], settings: Settings) -> None:
    """Negative control: the recency rule in the model's place does not hold."""
    earlier = predictions["churn"][~predictions["churn"]["final"]]
    worse = earlier.assign(model_probability=earlier["recency_probability"])
    assert set(ALL) == {"model", "logistic", "recency", "plain"}
    assert not holds(differences(worse, settings)[1]["plain"])
