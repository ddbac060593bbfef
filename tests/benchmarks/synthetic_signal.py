"""Measure how much of the made-up company's truth can be had from its tables.

    python tests/benchmarks/synthetic_signal.py --accounts 20000 --years 4

prints per target: the oracle's AUC, the Gini of single features as a share of the oracle's, and the Gini of LightGBM on
the catalogue's features as a share of that of LightGBM given the latent state as further columns. AUC and Gini are
taken against the labels of the test dates and, with less noise, as expected under the exact probabilities.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import lightgbm as lgb
import numpy as np
import pandas as pd

from features.catalogue import features_for
from models.dataset import Dataset, build_dataset
from models.targets import declare
from pipeline.settings import read_settings
from pipeline.snapshot import take_snapshot
from pipeline.synthetic import latent_states, make_company, oracle

CONFIG = Path(__file__).parents[2] / "configs" / "demo.toml"
END = date(2026, 1, 1)
PARAMETERS = {
    "objective": "binary", "learning_rate": 0.03, "num_leaves": 15, "min_child_samples": 60, "feature_fraction": 0.4,
    "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 5.0, "verbosity": -1, "num_threads": 2, "seed": 1,
    "deterministic": True, "force_row_wise": True,
}  # fmt: skip
ROUNDS = 300


def auc(score: np.ndarray, positive: np.ndarray) -> float:
    """Return the AUC of `score` where `positive` is a label or a probability; ties count half."""
    frame = pd.DataFrame({"score": score, "p": positive, "n": 1 - positive}).groupby("score").sum()
    below = frame["n"].cumsum() - frame["n"] / 2
    return float((frame["p"] * below).sum() / (frame["p"].sum() * frame["n"].sum()))


def gini(score: np.ndarray, positive: np.ndarray) -> float:
    return 2 * auc(score, positive) - 1


def measure(folder: Path, accounts: int, years: int, seed: int) -> dict[str, object]:
    started = time.perf_counter()
    company = make_company(folder / "company", accounts, years, seed)
    made = time.perf_counter() - started
    shutil.copy(CONFIG, folder / "demo.toml")
    settings = read_settings(folder / "demo.toml")
    snapshot = take_snapshot(settings, END)
    histories = [snapshot.history(bucket) for bucket in range(snapshot.buckets)]
    features = features_for(snapshot.columns, settings.accounts)
    found: dict[str, object] = {"rows": dict(company.rows), "make_seconds": round(made, 1)}
    tests = [END - timedelta(days=126 + 91 * back) for back in range(2 if years > 2 else 1)]
    train = [tests[-1] - timedelta(days=126 + 49 * back) for back in range(8 if years > 2 else 6)]
    for name, target in declare(settings).items():
        data = build_dataset(histories, [*train, *tests], target, features, END - timedelta(days=1))
        found[name] = compare(folder / "company", name, data, train, tests)
    found["peak_gb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2)
    found["seconds"] = round(time.perf_counter() - started, 1)
    return found


def compare(company: Path, name: str, data: Dataset, train: list[date], tests: list[date]) -> dict[str, object]:
    parts = [
        oracle(company, day).merge(latent_states(company, day)).assign(as_of=pd.Timestamp(day)) for day in data.dates
    ]
    truth = data.rows[["account_id", "as_of"]].merge(pd.concat(parts), how="left")
    matched = truth["p_churn"].notna().to_numpy()
    p, label = truth[f"p_{name}"].to_numpy(), data.rows["label"].to_numpy()
    numbers = data.features.copy()
    for column in numbers.select_dtypes(exclude="number").columns:
        numbers[column] = pd.factorize(numbers[column], sort=True)[0]
    latent = truth[["engagement", "health", "contact", "seats", "budget", "locked"]].add_prefix("latent_")
    stamp = data.rows["as_of"]
    learn = stamp.isin([pd.Timestamp(day) for day in train]).to_numpy() & matched
    test = stamp.isin([pd.Timestamp(day) for day in tests]).to_numpy() & matched
    best = gini(p[test], p[test])
    scores = {}
    for kind, frame in (("features", numbers), ("latent", pd.concat([numbers, latent], axis=1))):
        booster = lgb.train(PARAMETERS, lgb.Dataset(frame[learn], label[learn]), ROUNDS)
        scores[kind] = np.asarray(booster.predict(frame[test]))
    singles = {}
    for column in numbers:
        values = numbers.loc[test, column].to_numpy(dtype=float)
        filled = np.where(np.isnan(values), np.nanmin(values, initial=0) - 1, values)
        singles[column] = abs(gini(filled, p[test])) / best
    top = sorted(singles.items(), key=lambda pair: -pair[1])[:12]
    return {
        "rows": int(test.sum()),
        "unmatched": int((~matched).sum()),
        "rate": round(float(label[test].mean()), 4),
        "expected_rate": round(float(p[test].mean()), 4),
        "oracle_auc": round(auc(p[test], p[test]), 4),
        "oracle_auc_on_labels": round(auc(p[test], label[test]), 4),
        "share_of_latent_gini": round(gini(scores["features"], p[test]) / gini(scores["latent"], p[test]), 4),
        "share_of_latent_gini_on_labels": round(
            gini(scores["features"], label[test]) / gini(scores["latent"], label[test]), 4
        ),
        "features_auc": round(auc(scores["features"], p[test]), 4),
        "latent_auc": round(auc(scores["latent"], p[test]), 4),
        "single_features": {column: round(share, 3) for column, share in top},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--years", type=int, default=4)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), options.accounts, options.years, options.seed)
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
