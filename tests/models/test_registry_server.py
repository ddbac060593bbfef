"""The registry at a real `mlflow server` on this machine: every file and figure goes over HTTP."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.request import urlopen

import pytest

from features.spec import Feature
from models.bootstrap import Interval
from models.dataset import Dataset
from models.manifest import FittedModel, load_model
from models.promote import decide
from models.record import DataNote, Record
from models.registry import Registry
from models.targets import Target
from models.train import fit
from pipeline.errors import ModelError, SettingsError, StoreError
from pipeline.settings import Settings

NOTES = {"trained_until": "2025-06-01", "cohorts": [{"as_of": "2025-01-01", "n": 300, "positives": 140}]}
RECORD = Record(
    parameters={"rounds": 5},
    digests={"snapshot": "5f2c"},
    as_ofs=[date(2025, 1, 1)],
    counts={"rows": 2400},
    evaluation={"pooled": {"n": 9, "positives": 3, "contenders": {"model": {"auc": {"value": 0.7}}}}},
    labels={"target": "churn", "recipe": "model"},
    notes=NOTES,
    plots={"gain.svg": "<svg/>"},
    folds={"columns": ["fold"], "data": [["2025-05-01"]]},
    data=[DataNote("churn training", "training", "9f" * 32, {"snapshot": "5f2c"}, [("x", "double")], {"rows": 2400})],
)


@dataclass(frozen=True)
class Server:
    """A tracking server; `log` is what it wrote."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def uri(self) -> str:
        return f"http://robot:hunter2@127.0.0.1:{self.port}"

    def answers(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(migrated, folder / "mlflow.db")
    port = free_port()
    store = ["--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"]
    kept = ["--serve-artifacts", "--artifacts-destination", str(folder / "artifacts")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", *store, *kept, "--port", str(port), "--workers", "1"],
            # Its helpers for language models would be five more processes.
            env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"},
            cwd=folder, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    started = Server(port, process, folder / "log")
    try:
        until = time.monotonic() + 180
        while not started.answers():
            if process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"mlflow server did not start: {started.log.read_text()[-2000:]}")
            time.sleep(0.5)
        yield started
    finally:
        os.killpg(process.pid, 15)
        process.wait(30)


def settings_at(folder: Path, uri: str, name: str = "firm") -> Settings:
    return Settings.model_validate(
        {
            "name": name,
            "state": str(folder),
            "tables": {"invoices": [{"source": "invoices.csv"}]},
            "mlflow": {"tracking_uri": uri},
        }
    )


@pytest.fixture(scope="module")
def model(
    data_of: Callable[..., Dataset], churn: Target, features: tuple[Feature, ...], settings: Settings
) -> FittedModel:
    return fit(data_of(accounts=150), churn, features, settings, date(2025, 6, 1))


def test_another_machine_gets_the_champion_with_equal_bits(
    server: Server, model: FittedModel, data_of: Callable[..., Dataset], tmp_path: Path
) -> None:
    model.save(tmp_path / "fitted")
    here = Registry(settings_at(tmp_path / "here", server.uri))
    assert here.champion("churn") is None
    version = here.log_training("churn", tmp_path / "fitted", RECORD)
    here.settle(version, decide(None, "model", Interval(0.7, 0.6, 0.8)))

    there = Registry(settings_at(tmp_path / "there", server.uri))
    champion = there.champion("churn")
    assert (champion.number, champion.digest) == (version.number, model.digest)
    assert champion.folder.is_relative_to(tmp_path / "there")
    fetched, rows = load_model(champion.folder, champion.digest), data_of(seed=7, dates=1).features
    assert fetched.probability(rows).tobytes() == model.probability(rows).tobytes()

    assert there.training_notes(champion) == NOTES
    assert there.version("churn", str(version.number)).digest == model.digest
    with pytest.raises(
        ModelError, match=r"has no version 9 at http://robot:\*\*\*@127\.0\.0\.1:\d+; versions there: 1"
    ):
        there.version("churn", 9)

    run = there._client().get_run(version.run_id)
    assert run.data.tags["decision"] == "first"
    assert run.data.metrics["pooled/model/auc"] == run.data.metrics["decision/auc"] == 0.7
    assert [(given.dataset.name, given.dataset.digest) for given in run.inputs.dataset_inputs] == [
        ("churn training", "9f" * 18)
    ]
    assert {file.path for file in there._client().list_artifacts(version.run_id)} == {
        "backtest.json", "folds.json", "plots", "training.json"
    }  # fmt: skip
    assert not (tmp_path / "there" / "mlflow" / "mlflow.db").exists()

    stranger = Registry(settings_at(tmp_path / "there", server.uri, name="sister"))
    with pytest.raises(
        SettingsError, match=r"keepgrow-churn at http://robot:\*\*\*@.* belongs to the config 'firm'"
    ) as error:
        stranger.champion("churn")
    assert 'prefix = "keepgrow-sister"' in str(error.value)


def test_a_training_that_cannot_be_kept_is_one_clear_error_without_the_password(
    server: Server, model: FittedModel, tmp_path: Path
) -> None:
    model.save(tmp_path / "fitted")
    wrong = Registry(settings_at(tmp_path, server.uri.replace(str(server.port), str(free_port()))))
    with pytest.raises(StoreError, match=r"http://robot:\*\*\*@127\.0\.0\.1:\d+ cannot be used") as raised:
        wrong.log_training("churn", tmp_path / "fitted", RECORD)
    assert "hunter2" not in str(raised.value)
    assert "Check [mlflow] tracking_uri and that the server runs" in str(raised.value)
    assert "hunter2" not in server.log.read_text()
