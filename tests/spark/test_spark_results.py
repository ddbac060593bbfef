"""Features, labels, scores and lists from a cluster: those of the embedded engine, bit for bit."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from models.dataset import Dataset
from models.manifest import FittedModel
from models.material import Material
from models.scoring import Chosen, drafts
from models.train import fit
from pipeline.engines import take_snapshot
from pipeline.settings import Settings, parse, read_settings
from pipeline.spark.session import spark_session
from pipeline.synthetic import make_company
from tests.spark.executors import executors


@dataclass
class Made:
    """What one engine makes of a firm's tables."""

    snapshot: str
    features: pd.DataFrame
    data: Mapping[str, Dataset]
    models: Mapping[str, FittedModel]
    lists: Mapping[str, pd.DataFrame]
    scores: Mapping[str, pd.DataFrame]
    made_from: Mapping[str, Mapping[str, Any]]


def make(settings: Settings, as_of: date, learnt: Sequence[date], before: Made | None = None) -> Made:
    """Take a snapshot, learn from the dates `learnt`, and rank the lists for `as_of`.

    With `before`, its models score: rows to learn from that are the same, as `assert_same` says, give the same ones.
    """
    material = Material.of(settings, take_snapshot(settings, as_of))
    data = {name: material.dataset(target, learnt, as_of) for name, target in material.targets.items()}
    models = (
        before.models
        if before is not None
        else {
            name: fit(rows, material.targets[name], material.features, settings, as_of) for name, rows in data.items()
        }
    )
    chosen = {name: Chosen(model, f"test-{name}", "1") for name, model in models.items()}
    with drafts(material, chosen, as_of) as made:
        return Made(
            material.snapshot.digest,
            material.features_at([*learnt, as_of]),
            data,
            models,
            {draft.target: draft.rows for draft in made},
            {draft.target: draft.scores.frame() for draft in made},
            {draft.target: draft.made_from for draft in made},
        )


def assert_same(here: Made, there: Made) -> None:
    assert here.snapshot == there.snapshot
    pd.testing.assert_frame_equal(here.features, there.features, check_exact=True)
    for name, data in here.data.items():
        pd.testing.assert_frame_equal(data.rows, there.data[name].rows, check_exact=True)
        pd.testing.assert_frame_equal(data.features, there.data[name].features, check_exact=True)
        pd.testing.assert_frame_equal(here.lists[name], there.lists[name], check_exact=True)
        pd.testing.assert_frame_equal(here.scores[name], there.scores[name], check_exact=True)
        assert here.made_from[name] == there.made_from[name]
        assert (here.lists[name]["section"] == "call").any()


COMPANY = ("accounts", "interactions", "invoices", "subscriptions", "exclusions", "account_links", "rates")


def test_the_synthetic_company(cluster: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "company").mkdir()
    make_company(tmp_path / "company", 150, 2)
    data = {
        "name": "small",
        "folder": tmp_path,
        "training": {"min_positives": 5},
        "tables": {name: [{"source": f"company/{name}.parquet"}] for name in COMPANY},
        "targets": {"churn": {"kind": "churn", "horizon": 90}, "upsell": {"kind": "upsell", "horizon": 90}},
    }
    learnt = [date(2025, 3, 1), date(2025, 9, 1)]
    as_of = date(2026, 1, 1)
    here = make(parse(Settings, {**data, "state": "here", "engine": {"buckets": 3}}, "small.toml"), as_of, learnt)
    spark = parse(Settings, {**data, "state": "there", "engine": {**cluster, "buckets": 2}}, "small.toml")
    assert_same(here, make(spark, as_of, learnt, here))


def test_online_retail_with_an_executor_killed_meanwhile(
    cluster: dict[str, Any], root: Path, invoice_lines: Path, tmp_path: Path
) -> None:
    assert invoice_lines.exists()

    def settings(engine: dict[str, Any]) -> Settings:
        config = root / "configs" / "online_retail.toml"
        return read_settings(config, state=str(tmp_path / engine["kind"]), engine={**engine, "buckets": 6})

    learnt, as_of = [date(2011, 6, 7), date(2011, 7, 5)], date(2011, 10, 10)
    here = make(settings({"kind": "embedded"}), as_of, learnt)
    killed = threading.Thread(target=kill_one, args=(settings(cluster), tmp_path / "spark"))
    killed.start()
    there = make(settings(cluster), as_of, learnt, here)
    killed.join()
    assert (tmp_path / "spark" / "killed").exists()
    assert_same(here, there)


def kill_one(settings: Settings, state: Path) -> None:
    """Kill an executor once two buckets have features, which is in the middle of six."""
    driver = spark_session(settings).sparkContext._gateway.proc.pid
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        if len(list((state / "features").glob("**/bucket=*"))) >= 2:
            os.kill(executors(driver)[0], signal.SIGKILL)
            (state / "killed").touch()
            return
        time.sleep(0.05)
    pytest.fail("no features were built")
