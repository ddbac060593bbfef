"""What notes add: the same model on the same rows of the made-up company, with and without the features of notes.

    python tests/benchmarks/notes_worth.py [--accounts 10000] [--years 3] [--seed 23] [--quick] [--json FILE]

Three test dates, each later than every label learnt from; per target the AUC with and without, their paired difference
with the interval of the account bootstrap (95 %), and both Ginis as shares of that of the exact probability, which are
free of the labels' noise. `logistic` and `lightgbm` stand for themselves, so that what the notes add does not hang on
which model was chosen. Aim: a difference above 0 for churn, whose states notes tell of; printed whatever comes out.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import lightgbm as lgb
import numpy as np
import pandas as pd
from figure_rows import row, with_ends, write
from sklearn.metrics import roc_auc_score
from synthetic_quality import END, Firm, gini

from features.spec import Feature
from models.dataset import Dataset
from models.evaluate import EXPECTED_VALUE, PROBABILITY, paired_difference
from models.train import fit_recipe

FAMILY = "notes"
FOLDS = tuple(END - timedelta(days=days) for days in (308, 217, 126))
EVERY, DATES, GAP = 49, 8, 126
PARAMETERS: dict[str, Any] = {
    "objective": "binary", "learning_rate": 0.03, "num_leaves": 15, "min_child_samples": 60, "feature_fraction": 0.4,
    "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 5.0, "verbosity": -1, "num_threads": 2, "seed": 1,
    "deterministic": True, "force_row_wise": True,
}  # fmt: skip
ROUNDS = 300


def measure(firm: Firm, name: str, folds: tuple[date, ...], replicates: int) -> dict[str, Any]:
    """Return per way of fitting the figures with and without the family, pooled over the folds."""
    material, target = firm.material, firm.material.target(name)
    every = material.features
    kinds = {"with": every, "without": tuple(each for each in every if each.family != FAMILY)}
    parts: list[pd.DataFrame] = []
    for test_date in folds:
        dates = [test_date - timedelta(days=GAP + EVERY * back) for back in range(DATES)]
        train = material.dataset(target, dates, known_by=test_date)
        test = material.dataset(target, [test_date], known_by=END)
        truth = firm.truth(test.rows)[f"p_{name}"].to_numpy()
        rows = test.rows.assign(exact=truth)
        for kind, features in kinds.items():
            own, asked = _only(train, features), _only(test, features)
            model = fit_recipe("logistic", own, target, features, material.settings, test_date)
            rows = _with(rows, f"logistic_{kind}", model.probability(asked.features))
            rows = _with(rows, f"lightgbm_{kind}", _lightgbm(own, asked, features))
        parts.append(rows)
    rows = pd.concat(parts, ignore_index=True)
    known = rows["exact"].notna()
    found: dict[str, Any] = {
        "features": len(every), "of notes": len(every) - len(kinds["without"]), "rows": len(rows),
        "positives": int(rows["label"].sum()),
    }  # fmt: skip
    exact = gini(rows["exact"][known].to_numpy(), rows["exact"][known].to_numpy())
    for way in ("logistic", "lightgbm"):
        one, other = f"{way}_with", f"{way}_without"
        difference = paired_difference(rows, one, other, "auc", replicates=replicates, seed=1)
        found[way] = {"difference": difference.plain()} | {
            kind: {
                "auc": float(roc_auc_score(rows["label"], rows[PROBABILITY.format(f"{way}_{kind}")])),
                "share": gini(
                    rows["exact"][known].to_numpy(), rows[PROBABILITY.format(f"{way}_{kind}")][known].to_numpy()
                )
                / exact,
            }
            for kind in kinds
        }
    return found


def _only(data: Dataset, features: tuple[Feature, ...]) -> Dataset:
    return replace(data, features=data.features[[feature.name for feature in features]])


def _with(rows: pd.DataFrame, name: str, probability: np.ndarray) -> pd.DataFrame:
    given = {PROBABILITY.format(name): probability, EXPECTED_VALUE.format(name): probability}
    return rows.assign(**given)


def _lightgbm(train: Dataset, test: Dataset, features: tuple[Feature, ...]) -> np.ndarray:
    numbers = [feature.name for feature in features if feature.unit != "category"]
    data = lgb.Dataset(train.features[numbers].to_numpy(float), train.rows["label"].to_numpy(float))
    return lgb.train(PARAMETERS, data, ROUNDS).predict(test.features[numbers].to_numpy(float))


def rows(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what was found as the quality report takes it."""
    told = []
    for name, figures in found.items():
        for way in ("logistic", "lightgbm"):
            one = figures[way]
            apart, aimed = one["difference"], name == "churn"
            met = apart["low"] > 0 if aimed else None
            told.append(row(f"{name}, {way}: AUC with notes minus without", with_ends(apart),
                            "above 0" if aimed else "", met))  # fmt: skip
            told.append(row(f"{name}, {way}: share of the exact Gini with notes", one["with"]["share"]))
    return told


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--accounts", type=int, default=10_000)
    asked.add_argument("--years", type=int, default=3)
    asked.add_argument("--seed", type=int, default=23)
    asked.add_argument("--quick", action="store_true", help="2,000 accounts, one fold")
    asked.add_argument("--json", type=Path)
    given = asked.parse_args()
    accounts, folds = (2_000, FOLDS[-1:]) if given.quick else (given.accounts, FOLDS)
    started = time.process_time()
    with tempfile.TemporaryDirectory() as room:
        firm = Firm.make(Path(room), accounts, given.years, given.seed)
        found = {name: measure(firm, name, folds, 200 if given.quick else 1000) for name in ("churn", "upsell")}
    print(
        f"{accounts:,} accounts, {given.years} years, seed {given.seed}, {time.process_time() - started:.0f} s of CPU"
    )
    print(f"{'':18}{'AUC with':>10}{'without':>10}{'difference':>12}{'95 %':>18}{'of exact Gini':>22}")
    for name, figures in found.items():
        for way in ("logistic", "lightgbm"):
            one = figures[way]
            apart = one["difference"]
            print(
                f"{name + ' ' + way:18}{one['with']['auc']:10.4f}{one['without']['auc']:10.4f}{apart['value']:+12.4f}"
                f"{apart['low']:+9.4f} {apart['high']:+.4f}{one['with']['share']:12.3f} ({one['without']['share']:.3f})"
            )
    note = f"{accounts:,} accounts over {given.years} years; the same rows with and without the features of notes."
    write(given.json, "What notes add", "python tests/benchmarks/notes_worth.py", rows(found), note)


if __name__ == "__main__":
    main()
