"""RavenStack's tables, which contradict themselves: what is refused, what is warned about, and how little they tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from models.backtest import backtest
from models.bootstrap import Interval
from models.cautions import cautions
from models.dataset import Dataset, label_rows
from models.material import Material
from models.split import training_dates
from models.train import check_learnable
from pipeline.errors import TrainingRefused
from pipeline.settings import read_settings
from pipeline.snapshot import take_snapshot

TODAY = date(2025, 1, 1)


@pytest.fixture(scope="module")
def material(ravenstack: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Material:
    """The shipped config, with fewer replicates and one thread."""
    state = tmp_path_factory.mktemp("ravenstack")
    settings = read_settings(root / "configs" / "ravenstack.toml", state=str(state))
    quick = {
        "evaluate": settings.evaluate.model_copy(update={"bootstrap": 200}),
        "training": settings.training.model_copy(update={"threads": 1}),
    }
    settings = settings.model_copy(update=quick)
    return Material.of(settings, take_snapshot(settings, TODAY))


@pytest.fixture(scope="module")
def rows(material: Material) -> Callable[[str], pd.DataFrame]:
    """The rows a target would be trained on at the config's as_of."""

    def of(name: str) -> pd.DataFrame:
        target = material.target(name)
        dates = training_dates(
            material.settings.training, target.window, material.first_day(target), TODAY, target.lookback
        )
        return label_rows(material.histories(), dates, target, TODAY)

    return of


def test_all_three_targets_can_be_asked(material: Material) -> None:
    assert (list(material.targets), dict(material.left_out)) == (["churn", "upsell", "churn_record"], {})


def test_churn_by_contract_is_refused_with_the_figures(material: Material, rows: Callable[[str], pd.DataFrame]) -> None:
    found = rows("churn")
    with pytest.raises(TrainingRefused) as refusal:
        check_learnable(Dataset(found, pd.DataFrame(index=found.index)), material.target("churn"), material.settings)
    said = str(refusal.value)
    positives, accounts = int(found["label"].sum()), found.loc[found["label"] == 1, "account_id"].nunique()
    assert 0 < positives < 10
    assert f"{positives} rows, of {accounts} accounts, have label 1; at least 50 are needed to judge a model by" in said
    assert f"{len(found):,} rows on 13 as_of dates from 2023-" in said
    assert "What would help: more history or more accounts" in said


def test_upsell_is_warned_to_be_nearly_a_coins_toss(material: Material, rows: Callable[[str], pd.DataFrame]) -> None:
    found = rows("upsell")
    (warning,) = cautions(material.target("upsell"), len(found), int(found["label"].sum()), Interval(0.8, 0.7, 0.9))
    assert "nearly every second account has the outcome" in warning
    assert "a higher `min_growth` in [targets.upsell]" in warning


def test_the_firms_own_churn_record_can_hardly_be_foreseen(material: Material) -> None:
    judged = backtest(material, material.target("churn_record"), TODAY, contenders=("logistic",))
    auc = judged.auc("logistic")
    assert auc.low is not None
    assert auc.low < 0.6
    assert 0.5 < (auc.value or 0) < 0.65
    assert judged.plain["verdict"] in ("hardly any signal", "no signal shown")
    assert judged.plain["verdict"] in judged.plain["warnings"][-1]
