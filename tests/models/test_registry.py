from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from models.bootstrap import Interval
from models.manifest import FittedModel, load_model
from models.promote import decide
from models.record import DataNote, Record
from models.registry import Registry, Version
from pipeline.errors import ModelError, StoreError
from pipeline.settings import MlflowSettings, Settings

FEATURES = ["invoices_90d", "days_since_invoice"]
RECORD = Record(
    parameters={"rounds": 5},
    digests={"snapshot": "5f2c", "settings": "77aa"},
    as_ofs=[date(2026, 1, 1), date(2026, 1, 15)],
    counts={"rows": 200, "positives": 80},
    evaluation={
        "folds": [
            {
                "as_of": "2026-02-01",
                "n": 100,
                "positives": 40,
                "contenders": {"model": {"auc": {"value": 0.7, "low": 0.6, "high": 0.8}}},
            }
        ],
        "pooled": {
            "n": 100,
            "positives": 40,
            "contenders": {"model": {"auc": {"value": 0.7, "low": 0.6, "high": 0.8}}},
        },
    },
)


def rows(seed: int = 0, n: int = 300) -> pd.DataFrame:
    """Features with holes, and decimals that single precision would change."""
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame(generator.normal(size=(n, 2)) * 1e3, columns=FEATURES)
    frame.loc[generator.random(n) < 0.2, "days_since_invoice"] = np.nan
    frame["segment"] = generator.choice(np.array(["large", "small", "unheard of", None], object), n)
    return frame


def fitted(seed: int = 0) -> FittedModel:
    frame = rows(seed)
    matrix = np.column_stack([frame[FEATURES], np.arange(len(frame)) % 4])
    label = (np.nan_to_num(matrix[:, 0]) + matrix[:, 2] > 0).astype(int)
    options = {"objective": "binary", "verbose": -1, "num_threads": 1, "min_data_in_leaf": 5, "seed": seed}
    text = lgb.train(options, lgb.Dataset(matrix, label), num_boost_round=5).model_to_string().encode()
    manifest = {
        "format": 1,
        "recipe": "model",
        "target": {"name": "churn", "risk": True},
        "trained_until": "2026-03-01",
        "features": [
            *({"name": name, "type": "number"} for name in FEATURES),
            {"name": "segment", "type": "category", "categories": ["large", "small"]},
        ],
        "members": [{"kind": "trees", "file": "trees.txt", "weight": 1.0}],
        "calibration": {"kind": "platt", "slope": 0.9, "intercept": -0.1},
        "increment": None,
        "files": {"trees.txt": hashlib.sha256(text).hexdigest()},
    }
    return FittedModel(manifest, {"trees.txt": text}, threads=1)


def settings_in(folder: Path, tracking_uri: str | None = None) -> Settings:
    return Settings.model_validate(
        {
            "name": "firm",
            "state": str(folder / "state"),
            "tables": {"invoices": [{"source": "invoices.csv"}]},
            "mlflow": {"tracking_uri": tracking_uri},
        }
    )


@pytest.fixture
def registry(tmp_path: Path, migrated: Path) -> Registry:
    (tmp_path / "state" / "mlflow").mkdir(parents=True)
    shutil.copy(migrated, tmp_path / "state" / "mlflow" / "mlflow.db")
    return Registry(settings_in(tmp_path))


@pytest.fixture
def trained(registry: Registry, tmp_path: Path) -> Callable[[int], Version]:
    """Log the model of a seed."""

    def log(seed: int) -> Version:
        fitted(seed).save(tmp_path / f"fitted{seed}")
        return registry.log_training("churn", tmp_path / f"fitted{seed}", RECORD)

    return log


def test_a_training_is_logged_with_all_that_went_into_it(registry: Registry, trained) -> None:
    version = trained(0)
    assert (version.name, version.number, version.digest) == ("keepgrow-churn", 1, fitted(0).digest)
    client = registry._client()
    run = client.get_run(version.run_id)
    assert run.info.status == "FINISHED"
    assert client.get_experiment(run.info.experiment_id).name == "keepgrow-churn"
    assert run.data.params == {"rounds": "5", "as_ofs": "2026-01-01, 2026-01-15"}
    assert run.data.tags["digest.snapshot"] == "5f2c"
    assert run.data.metrics["count/rows"] == 200
    assert run.data.metrics["fold/model/auc/low"] == 0.6
    assert run.data.metrics["pooled/model/auc"] == 0.7
    assert client.get_metric_history(version.run_id, "fold/model/auc")[0].step == 20260201


def test_a_run_holds_charts_folds_and_the_digests_of_its_data(registry: Registry, tmp_path: Path) -> None:
    fitted(0).save(tmp_path / "fitted")
    told = replace(
        RECORD,
        labels={"target": "churn", "recipe": "model", "trained_until": "2026-03-01", "code_version": "0.1.0"},
        summary="**promoted**",
        headline="Recipe 'model'.",
        question="The probability that accounts leave.",
        plots={"gain.svg": "<svg/>"},
        folds={"columns": ["fold", "auc"], "data": [["2026-02-01", 0.7]]},
        data=[
            DataNote("churn training", "training", "9f" * 32, {"snapshot": "5f2c"}, [("x", "double")], {"rows": 200})
        ],
    )
    version = registry.log_training("churn", tmp_path / "fitted", told)
    client = registry._client()
    run = client.get_run(version.run_id)
    assert {file.path for file in client.list_artifacts(version.run_id)} == {"backtest.json", "folds.json", "plots"}
    assert Path(client.download_artifacts(version.run_id, "plots/gain.svg")).read_text() == "<svg/>"
    # What makes MLflow's pages show the file as a table.
    assert json.loads(run.data.tags["mlflow.loggedArtifacts"]) == [{"path": "folds.json", "type": "table"}]
    assert run.data.tags["mlflow.note.content"] == "**promoted**"
    assert run.data.tags["mlflow.source.name"] == "keepgrow 0.1.0"
    assert run.data.tags["trained_until"] == "2026-03-01"
    (given,) = run.inputs.dataset_inputs
    assert (given.dataset.name, given.dataset.digest) == ("churn training", "9f" * 18)
    assert json.loads(given.dataset.source) == {"snapshot": "5f2c"}
    assert json.loads(given.dataset.profile) == {"num_rows": 200}
    assert [tag.value for tag in given.tags] == ["training"]
    (logged,) = run.outputs.model_outputs
    assert {metric.key for metric in client.get_logged_model(logged.model_id).metrics} == {
        "pooled/model/auc", "pooled/model/auc/low", "pooled/model/auc/high"
    }  # fmt: skip
    found = client.get_model_version(version.name, "1")
    assert (found.description, found.tags["trained_until"]) == ("Recipe 'model'.", "2026-03-01")
    assert client.get_registered_model(version.name).description == "The probability that accounts leave."


def test_the_newest_training_is_the_challenger_and_promotion_moves_the_champion(registry: Registry, trained) -> None:
    first, second = trained(0), trained(1)
    assert registry.champion("churn") is None
    assert registry.aliased("churn", "challenger").digest == second.digest
    registry.settle(first, decide(None, "model", Interval(0.7, 0.6, 0.8)))
    assert registry.champion("churn").number == 1
    refused = decide("model", "model", Interval(0.7, 0.6, 0.8), Interval(-0.1, -0.2, -0.05))
    registry.settle(second, refused)
    assert registry.champion("churn").number == 1
    assert registry._client().get_run(second.run_id).data.tags["decision_reason"] == refused.reason
    assert registry._client().get_model_version("keepgrow-churn", "2").tags["decision"] == "same_recipe"
    registry.settle(second, decide("model", "model", Interval(0.7, 0.6, 0.8)))
    champion = registry.champion("churn")
    assert (champion.number, champion.digest) == (2, fitted(1).digest)
    assert champion.manifest["trained_until"] == "2026-03-01"
    assert load_model(champion.folder, champion.digest).digest == second.digest


def test_nothing_trained_is_none_and_makes_no_database(tmp_path: Path, registry: Registry) -> None:
    assert registry.champion("churn") is None
    assert Registry(settings_in(tmp_path / "fresh")).champion("churn") is None
    assert not (tmp_path / "fresh").exists()


def test_a_fresh_process_without_pickle_and_without_our_packages_gives_the_same_probabilities(
    registry: Registry, trained, tmp_path: Path
) -> None:
    registry.set_alias(trained(0), "champion")
    frame = rows(seed=9)
    frame.to_parquet(tmp_path / "rows.parquet")
    script = """
import json, sys
import mlflow, pandas
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model("models:/keepgrow-churn@champion")
names = [column.name for column in model.metadata.signature.inputs]
frame = pandas.read_parquet(sys.argv[2])
scores = [float(one).hex() for one in model.predict(frame[names[::-1]])]
ours = sorted(name for name in sys.modules if name.split(".")[0] in ("models", "features", "pipeline", "flows"))
print(json.dumps([scores, names, ours]))
"""
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    done = subprocess.run(
        [sys.executable, "-P", "-c", script, registry.uri, str(tmp_path / "rows.parquet")],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    scores, names, ours = json.loads(done.stdout.splitlines()[-1])
    assert names == [*FEATURES, "segment"]
    assert ours == []
    assert scores == [float(one).hex() for one in fitted(0).probability(frame)]


def test_the_logged_model_pins_what_it_needs_and_holds_no_pickle(registry: Registry, trained) -> None:
    registry.set_alias(trained(0), "champion")
    logged = registry.champion("churn").folder.parents[1]
    required = (logged / "requirements.txt").read_text().splitlines()
    assert [line.partition("==")[0] for line in required] == ["lightgbm", "mlflow", "numpy", "pandas"]
    assert all(line.partition("==")[2] for line in required)
    names = {file.name for file in logged.rglob("*") if file.is_file()}
    assert {"pyfunc_model.py", "scorer.py", "manifest.json", "trees.txt"} <= names
    assert not [name for name in names if name.endswith((".pkl", ".pickle")) or name == "uv.lock"]


@pytest.mark.parametrize("name", ["trees.txt", "manifest.json"])
def test_a_file_changed_by_one_byte_is_refused_before_lightgbm_sees_it(
    name: str, registry: Registry, trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.set_alias(trained(0), "champion")
    file = registry.champion("churn").folder / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    monkeypatch.setattr(lgb, "Booster", lambda **options: pytest.fail("LightGBM saw a damaged file"))
    with pytest.raises(
        ModelError, match=rf"version 1 \(champion\) is damaged and was not loaded: .*{name} was changed"
    ):
        registry.champion("churn")


def test_an_older_version_is_had_by_number_and_by_digest(registry: Registry, trained) -> None:
    old, _ = trained(0), trained(1)
    registry.set_alias(trained(2), "champion")
    for wanted in (1, "1", old.digest):
        found = registry.version("churn", wanted)
        assert (found.number, found.digest, found.run_id) == (1, fitted(0).digest, old.run_id)
        assert load_model(found.folder, found.digest).digest == old.digest
    again = trained(0)
    assert registry.version("churn", old.digest).number == again.number == 4


def test_a_version_that_is_not_there_is_named_with_those_that_are(registry: Registry, trained, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"model keepgrow-churn has no version 1 .*; versions there: none\."):
        registry.version("churn", 1)
    trained(0), trained(1)
    with pytest.raises(ModelError, match=r"has no version 7 at sqlite:.*; versions there: 1, 2\."):
        registry.version("churn", "7")
    with pytest.raises(ModelError, match=r"has no version with digest abababababababab at"):
        registry.version("churn", "ab" * 32)
    with pytest.raises(ModelError, match="nothing was registered there yet"):
        Registry(settings_in(tmp_path / "fresh")).version("churn", 1)
    assert not (tmp_path / "fresh").exists()


def test_an_older_version_is_checked_as_the_champion_is(registry: Registry, trained) -> None:
    trained(0)
    file = registry.version("churn", 1).folder / "trees.txt"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ModelError, match=r"keepgrow-churn version 1 is damaged .*trees.txt was changed"):
        registry.version("churn", 1)


def test_what_was_noted_at_a_training_is_read_back(
    registry: Registry, trained, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fitted(0).save(tmp_path / "fitted")
    noted = {"trained_until": "2026-03-01", "cohorts": [{"as_of": "2026-01-01", "n": 100, "positives": 40}]}
    registry.set_alias(registry.log_training("churn", tmp_path / "fitted", replace(RECORD, notes=noted)), "champion")
    assert registry.training_notes(registry.champion("churn")) == noted
    with caplog.at_level(logging.INFO, logger="keepgrow"):
        assert registry.training_notes(trained(0)) == {}
    assert "keepgrow-churn version 2 was trained before notes were kept" in caplog.text


def test_files_that_are_gone_are_a_clear_error(registry: Registry, trained) -> None:
    registry.set_alias(trained(0), "champion")
    shutil.rmtree(registry.champion("churn").folder)
    with pytest.raises(ModelError, match=r"keepgrow-churn version 1 .*(cannot be fetched|damaged)"):
        registry.champion("churn")


def test_a_model_that_someone_else_registered_is_refused(registry: Registry) -> None:
    client = registry._client()
    client.create_registered_model("keepgrow-churn")
    client.create_model_version("keepgrow-churn", "/nowhere")
    client.set_registered_model_alias("keepgrow-churn", "champion", "1")
    with pytest.raises(ModelError, match="was not registered by keepgrow"):
        registry.champion("churn")


def test_a_prefix_names_experiment_and_model(tmp_path: Path, migrated: Path) -> None:
    (tmp_path / "state" / "mlflow").mkdir(parents=True)
    shutil.copy(migrated, tmp_path / "state" / "mlflow" / "mlflow.db")
    settings = settings_in(tmp_path)
    registry = Registry(settings.model_copy(update={"mlflow": MlflowSettings(prefix="sales")}))
    fitted(0).save(tmp_path / "fitted")
    registry.set_alias(registry.log_training("churn", tmp_path / "fitted", RECORD), "champion")
    assert registry.champion("churn").name == registry.version("churn", 1).name == "sales-churn"
    assert registry._client().get_experiment_by_name("sales-churn") is not None
    assert Registry(settings).champion("churn") is None


def test_a_folder_that_is_no_model_is_not_logged(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="the trained model is damaged"):
        registry.log_training("churn", tmp_path, RECORD)
    assert registry.aliased("churn", "challenger") is None


def test_a_server_that_cannot_be_reached_is_reported_quickly_and_without_its_password(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        registry = Registry(settings_in(tmp_path, f"http://robot:secret@127.0.0.1:{taken.getsockname()[1]}"))
        started = time.monotonic()
        with pytest.raises(StoreError, match=r"http://robot:\*\*\*@127.0.0.1:\d+ cannot be used") as raised:
            registry.champion("churn")
    assert time.monotonic() - started < 60  # MLflow itself would try again for minutes
    assert "secret" not in str(raised.value)


def test_an_unwritable_state_folder_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    fitted(0).save(tmp_path / "fitted")
    with pytest.raises(StoreError, match=r"model registry at sqlite:.*cannot be used"):
        Registry(settings_in(tmp_path)).log_training("churn", tmp_path / "fitted", RECORD)
