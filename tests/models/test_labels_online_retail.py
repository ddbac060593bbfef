"""The labels of the evaluation protocol on real data, against figures from a plain computation over the raw lines.

tests/benchmarks/plain_lightgbm.py, which shares no code with the packages, gives the same rows and positives.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from models.split import backtest_folds
from models.targets import declare, label
from pipeline.settings import read_settings
from pipeline.snapshot import Snapshot, take_snapshot

EXPECTED = {
    "churn": {
        "2011-03-01": (1682, 908),
        "2011-06-07": (2253, 1224),
        "2011-08-02": (2294, 1163),
        "2011-10-10": (2519, 1072),
    },
    "upsell": {
        "2011-03-01": (1231, 152),
        "2011-06-07": (1524, 183),
        "2011-08-02": (1550, 275),
        "2011-10-10": (1840, 404),
    },
}
"""Rows in the cohort and rows with label 1, by target and as_of, without a least length of history."""


@pytest.fixture(scope="module")
def snapshot(root: Path, invoice_lines: Path, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    assert invoice_lines.exists()
    settings = read_settings(root / "configs/online_retail.toml", state=str(tmp_path_factory.mktemp("state")))
    return take_snapshot(settings, date(2011, 12, 9))


@pytest.mark.parametrize("name", ["churn", "upsell"])
def test_rows_and_positives(name: str, snapshot: Snapshot, root: Path) -> None:
    settings = read_settings(root / "configs/online_retail.toml")
    target = replace(declare(settings)[name], min_history_days=0)
    until = snapshot.data_until(target.reads, date(2011, 12, 9))
    folds = backtest_folds(settings, target.window, snapshot.first_day(target.reads), until, target.lookback)
    dates = {*(fold.test for fold in folds), *folds[-1].train}
    found = pd.concat(label(target, snapshot.history(bucket), dates, until) for bucket in range(snapshot.buckets))
    asked = found[found["section"] == "cohort"]
    counted = {f"{as_of:%Y-%m-%d}": (len(rows), int(rows["label"].sum())) for as_of, rows in asked.groupby("as_of")}
    assert {as_of: counted[as_of] for as_of in EXPECTED[name]} == EXPECTED[name]
    assert len(counted) == 13
    training = asked[asked["as_of"] < pd.Timestamp(2011, 10, 10)]
    assert round(training["label"].mean(), 3) == {"churn": 0.536, "upsell": 0.144}[name]
