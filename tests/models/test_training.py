"""Promotion drilled: made-up rows go through train_target, and MLflow, its aliases and the result are looked at."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import models.training as training
from features.spec import Feature
from models.dataset import Dataset
from models.gathering import judged
from models.manifest import FittedModel
from models.registry import Registry
from models.small.size import size_of
from models.targets import Target, declare
from pipeline.settings import Settings

FIRST = date(2025, 1, 1)
EARLY, LATE = date(2025, 4, 9), date(2025, 6, 4)
"""Days up to which the tables are complete at the first training and at the second."""


@dataclass(frozen=True)
class Firm:
    """What a training asks of a material, given from rows in memory: dates 14 days apart from 2025-01-01."""

    settings: Settings
    features: Sequence[Feature]
    data: Dataset
    until: date = EARLY
    attributes: str = "as they are today"
    snapshot: Any = field(
        default_factory=lambda: SimpleNamespace(digest="5f2c" * 16, columns={"invoices": ()}, buckets=0)
    )

    def build(self, as_ofs: Sequence[date]) -> None:
        """The rows carry their features."""

    def dataset(self, target: Target, as_ofs: Sequence[date], known_by: date) -> Dataset:
        return self.data.at(as_ofs)

    def judged(self, target: Target, as_of: date, known_by: date, models: Mapping[str, FittedModel]) -> pd.DataFrame:
        test = self.data.at([as_of])
        return judged(pa.Table.from_pandas(test.rows), test.features, models).to_pandas()

    def log_odds(self, target: Target, as_of: date, model: FittedModel) -> np.ndarray:
        return model.scorer.log_odds(model.encode(self.data.at([self.data.dates[-1]]).features))

    def first_day(self, target: Target) -> date:
        return FIRST - timedelta(days=200)

    def data_until(self, target: Target, today: date) -> date:
        return self.until


def asking(firm: Firm, **keys: Any) -> Firm:
    """The firm with other `[training]` keys."""
    asked = firm.settings.training.model_copy(update=keys)
    return replace(firm, settings=firm.settings.model_copy(update={"training": asked}))


def later(firm: Firm, data: Dataset | None = None, **keys: Any) -> Firm:
    """The firm eight weeks on, perhaps with other rows and `[training]` keys."""
    return replace(asking(firm, **keys), until=LATE, data=data or firm.data)


def placed(firm: Firm, folder: Path, database: Path) -> Firm:
    """The firm with its state in `folder` and MLflow's database a copy: what that refers to stays where it is."""
    (folder / "mlflow").mkdir(parents=True)
    shutil.copy(database, folder / "mlflow" / "mlflow.db")
    return replace(firm, settings=firm.settings.model_copy(update={"state": str(folder)}))


@pytest.fixture(scope="module")
def firm(settings: Settings, features: tuple[Feature, ...], data_of: Callable[..., Dataset]) -> Firm:
    """Tested at the last two dates whose window has closed."""
    quick = settings.model_copy(
        update={
            "training": settings.training.model_copy(
                update={"first_as_of": FIRST, "every_days": 14, "threads": 1, "small_accounts": 0}
            ),
            "evaluate": settings.evaluate.model_copy(update={"n_folds": 2, "every_days": 14, "bootstrap": 100}),
        }
    )
    return Firm(quick, features, data_of(accounts=100, dates=12))


@pytest.fixture
def new(firm: Firm, tmp_path: Path, migrated: Path) -> Firm:
    """The firm before its first training."""
    return placed(firm, tmp_path / "state", migrated)


@dataclass(frozen=True)
class Begun:
    """The firm after a first training, and what came of it. To be looked at only; to go on, see `after`."""

    firm: Firm
    result: dict[str, Any]

    def after(self, folder: Path) -> Firm:
        """Return the firm with a registry of its own in which the training has happened."""
        return placed(self.firm, folder / "state", self.firm.settings.state_folder / "mlflow" / "mlflow.db")


@pytest.fixture(scope="module")
def begin(
    firm: Firm, churn: Target, migrated: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Dataset | None], Begun]:
    """Train a first model."""

    def begin(data: Dataset | None = None) -> Begun:
        new = placed(firm, tmp_path_factory.mktemp("begun") / "state", migrated)
        return Begun(new, train(replace(new, data=data or firm.data), churn))

    return begin


@pytest.fixture(scope="module")
def begun(begin) -> Begun:
    return begin()


@pytest.fixture(scope="module")
def by_logistic(begin) -> Begun:
    """An earlier version of keepgrow trained another recipe."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "RECIPE", "logistic")
        return begin()


@pytest.fixture(scope="module")
def by_rule(firm: Firm, begin) -> Begun:
    """The labels are ones that no feature knows anything of."""
    drawn = np.random.default_rng(4).integers(0, 2, len(firm.data)).astype(np.int8)
    return begin(Dataset(firm.data.rows.assign(label=drawn), firm.data.features))


@dataclass(frozen=True)
class Looked:
    """What MLflow holds of a target: its runs, newest first, and where the aliases point."""

    runs: list[Any]
    aliases: dict[str, int]
    versions: dict[int, dict[str, str]]


def look(firm: Firm) -> Looked:
    client = Registry(firm.settings)._client()
    experiment = client.get_experiment_by_name("keepgrow-churn").experiment_id
    known = client.search_model_versions("name = 'keepgrow-churn'")
    aliases = client.get_registered_model("keepgrow-churn").aliases if known else {}
    return Looked(
        client.search_runs([experiment], order_by=["attributes.start_time DESC"]),
        {alias: int(number) for alias, number in aliases.items()},
        {int(each.version): each.tags for each in known},
    )


def train(firm: Firm, target: Target, **options: Any) -> dict[str, Any]:
    """Train as the flow does; the result is plain data."""
    result = training.train_target(firm, target, firm.until, **options)  # type: ignore[arg-type]
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    return result


def noted(firm: Firm, run: Any) -> dict[str, Any]:
    client = Registry(firm.settings)._client()
    return json.loads(Path(client.download_artifacts(run.info.run_id, "training.json")).read_text(encoding="utf-8"))


def test_first(begun: Begun) -> None:
    result, found = begun.result, look(begun.firm)
    (run,) = found.runs
    assert result["outcome"] == "promoted"
    assert (result["decision"]["rule"], result["decision"]["serve"]) == ("first", "challenger")
    assert result["reason"].startswith("'model' is the first champion")
    auc = result["decision"]["figures"]["auc"]
    assert auc["low"] > 0.5
    assert found.aliases == {"champion": 1}
    assert run.data.tags["decision"] == found.versions[1]["decision"] == "first"
    assert run.data.tags["decision_reason"] == found.versions[1]["decision_reason"] == result["reason"]
    assert [run.data.metrics[f"decision/auc{end}"] for end in ("", "/low", "/high")] == list(auc.values())
    tested = result["evaluation"]["pooled"]
    assert [(given.dataset.name, json.loads(given.dataset.profile)) for given in run.inputs.dataset_inputs] == [
        ("churn training", {"num_rows": 600, "accounts": 100, "positives": result["positives"], "dates": 6}),
        ("churn evaluation", {"num_rows": 200, "accounts": 100, "positives": tested["positives"], "dates": 2}),
    ]
    assert {name for name in run.data.tags if name.startswith("digest.")} == {
        "digest.snapshot", "digest.settings", "digest.features", "digest.data", "digest.model"
    }  # fmt: skip
    notes = noted(begun.firm, run)
    assert notes["decision"] == result["decision"]
    assert notes["curves"] == result["curves"]
    assert [cohort["n"] for cohort in notes["cohorts"]] == [100] * len(notes["cohorts"])
    assert sum(cohort["positives"] for cohort in notes["cohorts"]) == result["positives"]
    assert sum(topic["share"] for topic in notes["importance"]) == pytest.approx(1)


def test_replaced_by_the_same_recipe_on_newer_rows(begun: Begun, churn: Target, tmp_path: Path) -> None:
    firm = begun.after(tmp_path)
    result = train(later(firm), churn)
    found = look(firm)
    assert (result["outcome"], result["decision"]["rule"]) == ("promoted", "same_recipe")
    assert found.aliases == {"champion": 2}
    assert (found.versions[1]["decision"], found.versions[2]["decision"]) == ("first", "same_recipe")
    difference = result["decision"]["figures"]["difference"]
    assert difference["high"] > -0.01
    metrics = found.runs[0].data.metrics
    assert [metrics[f"decision/difference{end}"] for end in ("", "/low", "/high")] == list(difference.values())


def test_kept_when_newer_rows_show_a_loss(begun: Begun, churn: Target, tmp_path: Path) -> None:
    """Rows between the champion's training and the test dates say the opposite, and only they are learnt from."""
    firm = begun.after(tmp_path)
    rows = firm.data.rows.copy()
    misleading = rows["as_of"].between("2025-03-12", "2025-04-09")
    rows.loc[misleading, "label"] = 1 - rows.loc[misleading, "label"]
    result = train(later(firm, Dataset(rows, firm.data.features), max_dates=3), churn, force=True)
    found = look(firm)
    assert result["outcome"] == "kept"
    assert (result["decision"]["rule"], result["decision"]["serve"]) == ("same_recipe", "champion")
    assert result["decision"]["figures"]["difference"]["high"] < -0.01
    assert "a loss of more than 0.01 with both ends. The champion stays." in result["reason"]
    assert found.aliases == {"champion": 1, "challenger": 2}
    assert found.runs[0].data.tags["decision_reason"] == found.versions[2]["decision_reason"] == result["reason"]
    assert found.runs[0].data.metrics["decision/difference/high"] < -0.01
    assert Registry(firm.settings).champion("churn").number == 1


def test_replaced_by_a_new_recipe_that_shows_a_gain(by_logistic: Begun, churn: Target, tmp_path: Path) -> None:
    firm = by_logistic.after(tmp_path)
    rows, features = firm.data.rows, firm.data.features
    # Both calls and spend, or neither: no sum of curves tells that, trees do.
    both = (features["calls_90d"] > 4) == (features["spend_90d"] > features["spend_90d"].median())
    crossed = rows.assign(label=np.where(rows["account_id"].str.endswith("7"), ~both, both).astype(np.int8))
    result = train(later(firm, Dataset(crossed, features)), churn, force=True)
    found = look(firm)
    assert by_logistic.result["recipe"] == "logistic"
    assert (result["outcome"], result["decision"]["rule"]) == ("promoted", "new_recipe")
    assert result["decision"]["figures"]["difference"]["low"] > 0
    assert found.aliases == {"champion": 2}
    assert (found.versions[1]["recipe"], found.versions[2]["recipe"]) == ("logistic", "model")


def test_kept_when_a_new_recipe_shows_no_gain(by_logistic: Begun, churn: Target, tmp_path: Path) -> None:
    firm = by_logistic.after(tmp_path)
    rows, features = firm.data.rows, firm.data.features
    additive = rows.assign(label=(features["calls_90d"] + np.arange(len(rows)) % 3 < 5).astype(np.int8))
    result = train(later(firm, Dataset(additive, features)), churn, force=True)
    assert (result["outcome"], result["decision"]["rule"]) == ("kept", "new_recipe")
    assert result["decision"]["figures"]["difference"]["low"] <= 0
    assert look(firm).aliases == {"champion": 1, "challenger": 2}


def test_the_recency_rule_serves_while_no_model_is_better_than_chance(by_rule: Begun) -> None:
    result, found = by_rule.result, look(by_rule.firm)
    assert (result["outcome"], result["recipe"]) == ("rule", "recency")
    assert (result["decision"]["rule"], result["decision"]["serve"]) == ("fallback_rule", "rule")
    assert result["decision"]["figures"]["auc"]["low"] <= 0.5
    assert found.aliases == {"champion": 1, "challenger": 2}
    assert (found.versions[1]["recipe"], found.versions[2]["recipe"]) == ("recency", "model")
    assert {run.data.tags["decision"] for run in found.runs} == {"fallback_rule"}


def test_a_model_takes_the_place_of_the_rule_as_a_first_champion_does(
    by_rule: Begun, churn: Target, tmp_path: Path
) -> None:
    firm = by_rule.after(tmp_path)
    result = train(later(firm), churn, force=True)
    assert (result["outcome"], result["decision"]["rule"]) == ("promoted", "first")
    assert look(firm).aliases == {"champion": 3}


def test_a_book_that_outgrew_small_after_its_last_fold_is_fitted_in_the_way_it_was_judged(
    new: Firm, churn: Target
) -> None:
    days = [day for day in new.data.dates if day <= date(2025, 3, 12)]
    of_fold, of_all = size_of(new.data.at(days[:4])).rarer, size_of(new.data.at(days)).rarer
    assert of_fold < of_all
    made = {}
    for fewest in (of_fold, of_all, of_all + 1):
        result = train(asking(new, small_accounts=fewest), churn, dry_run=True)
        chosen = json.loads((Path(result["folder"]) / "manifest.json").read_text(encoding="utf-8"))["chosen"]
        judged_small = result["evaluation"]["small"] is not None
        made[fewest] = (judged_small, chosen["chosen"] == "small", "a small model" in result["reason"])
    # Fewer than asked for make a small book: at `of_all` the fold's accounts are too few, and all there are enough.
    assert made == {of_fold: (False,) * 3, of_all: (True,) * 3, of_all + 1: (True,) * 3}


def test_refused_without_a_champion(new: Firm, churn: Target) -> None:
    result = train(asking(new, min_positives=2000), churn)
    found = look(new)
    (run,) = found.runs
    assert result["outcome"] == "refused"
    assert (result["decision"]["rule"], result["decision"]["serve"]) == ("refused", "nothing")
    assert "[training] min_positives is 2000" in result["reason"]
    assert result["decision"]["figures"]["needed"] == {"value": 2000.0}
    assert (found.aliases, found.versions) == ({}, {})
    assert (run.info.status, run.data.tags["decision"]) == ("FINISHED", "refused")
    assert run.info.run_name == "churn until 2025-04-09: refused"
    assert run.data.tags["decision_reason"] == result["reason"]
    assert run.data.metrics["decision/needed"] == 2000
    assert noted(new, run)["decision"] == result["decision"]


def test_refused_with_a_champion_that_goes_on_serving(begun: Begun, churn: Target, tmp_path: Path) -> None:
    firm = begun.after(tmp_path)
    result = train(later(firm, min_positives=2000), churn)
    found = look(firm)
    assert (result["outcome"], result["decision"]["serve"]) == ("kept", "champion")
    assert result["reason"].startswith("keepgrow-churn version 1, trained until 2025-04-09, goes on serving, since")
    assert found.aliases == {"champion": 1}
    assert [run.data.tags["decision"] for run in found.runs] == ["refused", "first"]


def test_the_same_refusal_is_recorded_once(new: Firm, churn: Target) -> None:
    few = asking(new, min_positives=2000)
    assert train(few, churn) == train(few, churn)
    assert len(look(new).runs) == 1
    train(replace(few, until=LATE), churn)
    assert len(look(new).runs) == 2


def test_a_champion_of_another_question_does_not_go_on_serving(begun: Begun, churn: Target, tmp_path: Path) -> None:
    asked = later(begun.after(tmp_path), min_positives=2000)
    targets = {**asked.settings.targets, "churn": {**asked.settings.targets["churn"], "horizon": 35}}
    other = declare(asked.settings.model_copy(update={"targets": targets}))["churn"]
    assert train(asked, other)["outcome"] == "refused"


def test_a_rehearsal_leaves_no_trace_in_mlflow(new: Firm, churn: Target) -> None:
    rehearsed = train(new, churn, dry_run=True)
    refused = train(asking(new, min_positives=2000), churn, dry_run=True)
    assert (rehearsed["outcome"], refused["outcome"]) == ("promoted", "refused")
    assert (Path(rehearsed["folder"]) / "manifest.json").exists()
    assert Registry(new.settings)._client().get_experiment_by_name("keepgrow-churn") is None


def test_no_account_is_in_mlflow(begun: Begun) -> None:
    """Not in the database, not in any artifact: accounts are called kunde-0000 and so on."""
    known = [account.encode() for account in begun.firm.data.rows["account_id"].unique()]
    files = [file for file in (begun.firm.settings.state_folder / "mlflow").rglob("*") if file.is_file()]
    written = {"mlflow.db", "training.json", "backtest.json", "folds.json", "gain.svg", "MLmodel"}
    assert written <= {file.name for file in files}
    for file in files:
        content = file.read_bytes()
        assert not [account for account in known if account in content], file


def test_a_champion_of_other_features_is_trained_anew_at_once(begun: Begun, churn: Target, tmp_path: Path) -> None:
    firm = begun.after(tmp_path)
    narrower = replace(
        firm, features=firm.features[:-1], data=replace(firm.data, features=firm.data.features.iloc[:, :-1])
    )
    result = train(narrower, churn)
    assert result["outcome"] == "promoted"
    assert "was trained on other features than there are now, and cannot score with these." in result["reason"]
    champion = Registry(firm.settings).champion(churn.name)
    assert champion is not None
    assert champion.number == 2
    assert len(champion.manifest["features"]) == len(firm.features) - 1
