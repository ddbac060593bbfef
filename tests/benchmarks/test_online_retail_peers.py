"""On real data the model holds against plain LightGBM and the logistic, on the folds that choices are made on."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from online_retail_peers import ALL, WORST, differences, excludes, holds, joined, measured, without_final

from models.bootstrap import Interval
from pipeline.settings import Settings, read_settings

ROWS = {"churn": (6857, 3677), "upsell": (4672, 690)}
"""Rows on the earlier folds and those with label 1."""


@pytest.fixture(scope="module")
def settings(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Without the final fold, which nothing may be chosen on."""
    state = str(tmp_path_factory.mktemp("state"))
    return without_final(read_settings(root / "configs/online_retail.toml", state=state))


@pytest.fixture(scope="module")
def predictions(settings: Settings, invoice_lines: Path) -> dict[str, pd.DataFrame]:
    return joined(settings, invoice_lines)


@pytest.mark.parametrize("target", ["churn", "upsell"])
def test_the_model_holds_on_the_earlier_folds(
    predictions: dict[str, pd.DataFrame], settings: Settings, target: str
) -> None:
    earlier = predictions[target]
    assert not earlier["final"].any()
    assert (len(earlier), int(earlier["label"].sum())) == ROWS[target]
    against = differences(measured(earlier, settings))
    assert excludes(against["plain"]), against["plain"]
    assert holds(against["logistic"]), against["logistic"]
    assert against["logistic"].value is not None
    assert against["logistic"].value > 0
    assert against["recency"].value is not None
    assert against["recency"].value > 0.02


def test_an_interval_that_reaches_too_far_down_does_not_hold() -> None:
    assert holds(Interval(0.0, -0.0149, 0.02))
    assert not holds(Interval(0.01, WORST, 0.02))
    assert not holds(Interval(None, None, None))


def test_only_an_interval_above_0_excludes_it() -> None:
    assert excludes(Interval(0.01, 0.001, 0.02))
    assert not excludes(Interval(0.01, 0.0, 0.02))
    assert not excludes(Interval(None, None, None))


def test_a_worse_model_is_told(predictions: dict[str, pd.DataFrame], settings: Settings) -> None:
    """Negative control: the recency rule in the model's place does not hold."""
    earlier = predictions["churn"]
    worse = earlier.assign(model_probability=earlier["recency_probability"])
    assert set(ALL) == {"model", "logistic", "recency", "plain"}
    assert not holds(differences(measured(worse, settings))["plain"])
