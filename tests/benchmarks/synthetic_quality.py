"""Hold the model against the exact truth of the made-up company.

    uv run python tests/benchmarks/synthetic_quality.py [--accounts 20000] [--years 4] [--seed 7]

makes the company, trains as `keepgrow train` does, and prints per target, on dates later than every training label:
the Gini (2 AUC - 1) of the model, of LightGBM given the latent state beside the same features, and of the exact
probability; the calibration error; and the predicted total over the real one. Aims: a share of at least .94, an error
of at most .03, totals within 10 %.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads slow a busy machine down many times

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from features.spec import Feature
from models.choosing.candidates import Part
from models.choosing.members import Members
from models.dataset import Dataset
from models.manifest import FittedModel
from models.material import Material
from models.metrics import METRICS, Ordered, Sample
from models.rows import Encoded
from models.split import inner_folds
from models.targets import Target
from models.train import fit
from pipeline.settings import Settings, read_settings
from pipeline.snapshot import take_snapshot
from pipeline.synthetic import latent_states, make_company, oracle

Floats = NDArray[np.float64]

END = date(2026, 1, 1)
TESTS = (END - timedelta(days=217), END - timedelta(days=126))
"""Their windows of 90 days do not overlap, and are judged 30 days later, when a return would have been seen."""
EVERY = 56
LATENT = ("engagement", "health", "contact", "seats", "budget", "locked")

CONFIG = """
name = "quality"
root = "."
[time]
data_until = {until}
[run]
rows_per_bucket = 10_000_000
[accounts]
features = ["segment"]
constant = ["segment"]
min_history_days = 30
[targets.churn]
kind = "churn"
by = "contract"
horizon = 90
grace_days = 30
dated_by = "notice"
[targets.upsell]
kind = "upsell"
by = "contract"
horizon = 90
min_growth = 0.1
[training]
threads = 2
"""


@dataclass(frozen=True)
class Firm:
    """A made-up company, read as any firm's tables are."""

    folder: Path
    material: Material

    @classmethod
    def make(cls, folder: Path, accounts: int, years: int, seed: int) -> Firm:
        make_company(folder / "company", accounts, years, seed, end=END)
        tables = sorted(file.stem for file in (folder / "company").glob("*.parquet"))
        sources = "".join(f'[[tables.{name}]]\nsource = "company/{name}.parquet"\n' for name in tables)
        config = folder / "quality.toml"
        config.write_text(CONFIG.format(until=END) + sources, encoding="utf-8")
        settings = read_settings(config)
        return cls(folder / "company", Material.of(settings, take_snapshot(settings, END)))

    def truth(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return p_churn, p_upsell and the latent state of each row; NaN where the company has no contract in force."""
        days = [stamp.date() for stamp in rows["as_of"].drop_duplicates()]
        parts = [
            oracle(self.folder, day).merge(latent_states(self.folder, day), on="account_id").assign(as_of=stamp)
            for day, stamp in zip(days, rows["as_of"].drop_duplicates(), strict=True)
        ]
        return rows[["account_id", "as_of"]].merge(pd.concat(parts), how="left", on=["account_id", "as_of"])


@dataclass(frozen=True)
class Task:
    """What to learn from and what to judge on: the test dates' rows are later than every training label."""

    target: Target
    features: tuple[Feature, ...]
    train: Dataset
    test: Dataset
    train_truth: pd.DataFrame
    test_truth: pd.DataFrame

    @classmethod
    def of(cls, firm: Firm, name: str, dates: int) -> Task:
        material, target = firm.material, firm.material.target(name)
        # The same dates for every target, so that features are built once; whole weeks before the tests, because the
        # company's chain is known at weekly steps.
        embargo = max(each.window.embargo for each in material.targets.values())
        last = TESTS[0] - timedelta(weeks=-(-embargo // 7))
        train_dates = [last - timedelta(days=EVERY * back) for back in range(dates)]
        train = material.dataset(target, train_dates, known_by=TESTS[0])
        test = material.dataset(target, TESTS, known_by=END)
        return cls(target, material.features, train, test, firm.truth(train.rows), firm.truth(test.rows))


def judge(firm: Firm, task: Task) -> dict[str, float]:
    """Return the figures of one target on the test rows whose truth is known."""
    settings, name = firm.material.settings, task.target.name
    model = fit(task.train, task.target, task.features, settings, TESTS[0])
    known = task.test_truth[f"p_{name}"].notna().to_numpy()
    label = task.test.rows["label"].to_numpy()[known]
    ours = model.probability(task.test.features)[known]
    exact = task.test_truth[f"p_{name}"].to_numpy()[known]
    told = with_latent(task, model, settings)[known]
    figures = {
        "training_rows": len(task.train),
        "test_rows": len(label),
        "truth_unknown": int((~known).sum()),
        "rate": label.mean(),
        "auc": roc_auc_score(label, ours),
        "gini": gini(label, ours),
        "gini_with_latent": gini(label, told),
        "gini_exact": gini(label, exact),
        "share": gini(label, ours) / gini(label, told),
        "share_expected": gini(exact, ours) / gini(exact, told),
        "ece": calibration_error(label, ours),
        "total": ours.sum() / label.sum(),
        "total_expected": ours.sum() / exact.sum(),
    }
    return {key: float(value) for key, value in figures.items()}


def with_latent(task: Task, model: FittedModel, settings: Settings) -> Floats:
    """Return the test rows' margins by our boosted member alone, given the latent state beside the same features.

    Its rounds are found in the same inner folds as the model's. Training rows whose state is unknown are left out.
    """
    train, test = (
        np.column_stack([model.encode(data.features), truth[list(LATENT)].to_numpy(float)])
        for data, truth in ((task.train, task.train_truth), (task.test, task.test_truth))
    )
    known = task.train_truth[LATENT[0]].notna().to_numpy()
    categories = {
        feature["name"]: len(feature["categories"])
        for feature in model.manifest["features"]
        if feature["type"] == "category"
    }
    names = (*(feature.name for feature in task.features), *LATENT)
    rows = Encoded(train, task.train.rows["label"].to_numpy(np.int8), names, categories)
    stamps = task.train.rows["as_of"].to_numpy()
    folds = []
    for fold in inner_folds(task.train.dates, task.target.window):
        earlier = np.isin(stamps, np.array(fold.train, dtype=stamps.dtype)) & known
        folds.append((rows.take(earlier), rows.take((stamps == np.datetime64(fold.test)) & known)))
    members = Members(rows.take(known), folds, settings.training.threads, settings.run.seed)
    trees = Part("trees")
    return members.grow(None, trees).margin(test, members.rounds(trees))


def gini(positive: NDArray[Any], score: Floats) -> float:
    """Return 2 AUC - 1, where `positive` is a label or the probability of one."""
    label, weight = np.repeat([1, 0], len(score)), np.concatenate([positive, 1 - positive])
    return 2 * float(roc_auc_score(label, np.tile(score, 2), sample_weight=weight)) - 1


def calibration_error(label: NDArray[Any], probability: Floats) -> float:
    """Return the expected calibration error as backtests measure it."""
    order = np.argsort(-probability, kind="stable")
    rows = Ordered(
        label[order].astype(float), probability[order], np.zeros(len(label)), (slice(0, len(label)),), len(label)
    )
    return float(METRICS["ece"].measure(Sample(rows, np.ones((1, len(label)))))[0])


def main() -> None:
    parser = argparse.ArgumentParser(description="Hold the model against the exact truth of the made-up company.")
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--years", type=int, default=4)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--dates", type=int, default=8, help="training dates, 56 days apart")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        firm = Firm.make(Path(folder), options.accounts, options.years, options.seed)
        spent("company and snapshot")
        for name in firm.material.targets:
            task = Task.of(firm, name, options.dates)
            spent(f"{name}: dataset")
            print(json.dumps({name: {key: round(value, 4) for key, value in judge(firm, task).items()}}, indent=1))
            spent(f"{name}: models")


def spent(what: str) -> None:
    """Print what the process has used so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(
        f"-- {what} done: {time.perf_counter() - STARTED:.0f} s, {used.ru_utime + used.ru_stime:.0f} s of processor "
        f"time, {used.ru_maxrss / 1e6:.2f} GB at most so far", flush=True,
    )  # fmt: skip


STARTED = time.perf_counter()


if __name__ == "__main__":
    main()
