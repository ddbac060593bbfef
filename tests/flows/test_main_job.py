"""The main job from the outside: published, idempotent, corrected, served by MLflow."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from models.material import Material
from pipeline.settings import read_settings
from pipeline.snapshot import open_snapshot
from pipeline.store import Store


def store_of(firm) -> Store:
    return Store(f"sqlite:///{firm.state / 'store.db'}")


def test_first_run_publishes_both_lists(firm):
    assert firm.first.returncode == 0, firm.first.stderr
    assert "churn on 2026-01-01" in firm.first.stdout
    assert "upsell on 2026-01-01" in firm.first.stdout
    with store_of(firm) as store:
        for target in ("churn", "upsell"):
            run = store.published(target)
            assert run is not None
            rows = store.rows(run.run_id)
            called = rows[rows["section"] == "call"]
            assert called["rank"].tolist() == list(range(1, len(called) + 1))
            assert called.groupby("account_manager").size().max() <= 5
            assert all(1 <= len(reasons) <= 4 for reasons in called["reasons"])  # three that raise, one that eases


def test_counts_add_up(firm):
    printed = json.loads(firm.json.read_text())
    for scored in printed["scored"]:
        counts = scored["counts"]
        assert counts["scored"] == counts["listed"] + counts["over_capacity"] + counts["not_worth_it"]


def test_excluded_accounts_are_neither_listed_nor_scored(firm):
    excluded = {"A000003", "A000196"}  # see conftest
    with store_of(firm) as store:
        for target in ("churn", "upsell"):
            run = store.published(target)
            assert excluded.isdisjoint(store.rows(run.run_id)["account_id"])
            assert excluded.isdisjoint(store.scores(run.run_id)["account_id"])
            assert run.counts["excluded"]["do not contact"] >= 1


def test_sinks_hold_the_published_list(firm):
    with store_of(firm) as store:
        run = store.published("churn")
        rows = store.rows(run.run_id)
    exported = pd.read_csv(firm.folder / "lists/churn.csv", encoding="utf-8-sig", dtype={"account_id": str})
    assert exported["account_id"].tolist() == rows["account_id"].tolist()
    assert pq.read_table(firm.folder / "lists/churn.parquet")["account_id"].to_pylist() == rows["account_id"].tolist()
    assert (firm.folder / "lists/history" / f"{run.run_id}.csv").exists()


def test_second_run_changes_nothing(firm, inside):
    with store_of(firm) as store:
        before, audit = store.runs(), store.publications()
    again = inside("run", "--config", firm.config)
    assert again.code == 0, again.err
    assert "Nothing changed" in again.err
    with store_of(firm) as store:
        assert store.runs() == before
        assert store.publications() == audit


@pytest.fixture
def put_back(firm, tmp_path) -> Iterator[None]:
    """Put everything back that a test changes of the firm: its tables, its lists, its state but for the models."""
    shutil.copytree(firm.folder, tmp_path / "kept", ignore=shutil.ignore_patterns("mlflow"))
    yield
    firm.state.joinpath("mlflow").rename(tmp_path / "mlflow")
    for folder in ("company", "lists", "state"):
        shutil.rmtree(firm.folder / folder)
        (tmp_path / "kept" / folder).rename(firm.folder / folder)
    (tmp_path / "mlflow").rename(firm.state / "mlflow")


def test_corrected_source_row_gives_a_new_run(firm, inside, put_back):
    with store_of(firm) as store:
        before = store.published("churn")
        listed = store.rows(before.run_id)["account_id"].iloc[0]
    file = firm.folder / "company/subscriptions.parquet"
    rows = pq.read_table(file).to_pandas()
    rows.loc[rows["account_id"] == listed, "mrr"] *= 2
    rows.to_parquet(file, index=False)
    corrected = inside("run", "--config", firm.config)
    assert corrected.code == 0, corrected.err
    with store_of(firm) as store:
        after = store.published("churn")
    assert after.run_id != before.run_id
    assert after.previous_run == before.run_id
    assert after.model_digest == before.model_digest


FRESH = """
import sys, pandas as pd, mlflow
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model("models:/keepgrow-churn@champion")
frame = pd.read_parquet(sys.argv[2])
pd.DataFrame({"probability": model.predict(frame)}).to_parquet(sys.argv[3])
assert not any(name in sys.modules for name in ("models", "features", "pipeline", "flows"))
"""


def test_mlflow_gives_the_lists_probabilities_exactly_without_pickle(firm, tmp_path):
    """A process that knows nothing of keepgrow, with unpickling switched off, scores the feature snapshot."""
    with store_of(firm) as store:
        run = store.published("churn")
        rows = store.rows(run.run_id)
    called = rows[rows["section"] == "call"].set_index("account_id")
    snapshot = open_snapshot(Path(json.loads(firm.json.read_text())["built"]["snapshot"]))
    features = Material.of(read_settings(firm.config), snapshot).features_at([date(2026, 1, 1)]).set_index("account_id")
    frame = features.loc[called.index].drop(columns="as_of")
    frame.to_parquet(tmp_path / "frame.parquet", index=False)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    files = [tmp_path / "frame.parquet", tmp_path / "out.parquet"]
    done = subprocess.run(
        [sys.executable, "-c", FRESH, f"sqlite:///{firm.state}/mlflow/mlflow.db", *files],
        cwd=tmp_path,
        env={**environment, "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    served = pd.read_parquet(tmp_path / "out.parquet")["probability"].to_numpy()
    assert np.array_equal(served, called["probability"].to_numpy())


def test_steps_one_by_one_do_what_run_does(firm, inside):
    with store_of(firm) as store:
        before = store.published("churn").run_id
    for arguments in (["build"], ["score"], ["publish", "--top", "2"]):
        done = inside(*arguments, "--config", firm.config)
        assert done.code == 0, done.err
    assert "Nothing changed" in done.err
    with store_of(firm) as store:
        assert store.published("churn").run_id == before


def test_dry_run_writes_nothing_anybody_reads(new_firm, inside):
    folder = new_firm.parent
    done = inside("run", "--config", new_firm, "--dry-run")
    assert done.code == 0, done.err
    assert "dry run: would be a new run" in done.err
    assert not (folder / "lists").exists()
    with Store(f"sqlite:///{folder / 'state' / 'store.db'}") as store:
        assert store.runs() == []
    assert not (folder / "state/mlflow/mlflow.db").exists()


@pytest.mark.parametrize("target", ["churn", "upsell"])
def test_show_and_runs_read_back_what_was_published(firm, inside, target):
    shown = inside("show", target, "--config", firm.config, "--top", "3", "--json", "-")
    assert shown.code == 0, shown.err
    assert f"{target} on 2026-01-01" in shown.err
    assert json.loads(shown.out)["run"]["run"].startswith(f"{target}-2026-01-01-")
    listed = inside("runs", "--config", firm.config, "--target", target)
    assert listed.code == 0, listed.err
    assert f"{target}-2026-01-01-" in listed.out


def test_show_one_manager(firm, inside, tmp_path):
    with store_of(firm) as store:
        rows = store.rows(store.published("churn").run_id)
    manager = rows["account_manager"].iloc[0]
    done = inside("show", "churn", "--manager", manager, "--config", firm.config, "--json", tmp_path / "one.json")
    assert done.code == 0, done.err
    printed = json.loads((tmp_path / "one.json").read_text())
    assert {row["account_manager"] for row in printed["rows"]} == {manager}


def test_explain_says_nothing_but_its_answer_where_there_are_hundreds_of_features(firm, keepgrow):
    listed = pd.read_parquet(firm.folder / "lists/churn.parquet")["account_id"].iloc[0]
    done = keepgrow("explain", listed, "--config", firm.config)
    assert (done.returncode, done.stderr) == (0, "")
    assert str(listed) in done.stdout


def test_state_stays_in_its_folder(firm):
    """Prefect, MLflow, logs and store lie in the state folder; nothing else appears beside the tables."""
    assert {path.name for path in firm.folder.iterdir()} <= {"company", "small.toml", "state", "lists"}
    assert {"store.db", "mlflow", "logs", "snapshots", "features", "models"} <= {
        path.name for path in Path(firm.state).iterdir()
    }
