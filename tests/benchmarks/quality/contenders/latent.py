"""What is told the truth of the made-up company: LightGBM given its hidden state, and the exact probability itself."""

from __future__ import annotations

from importlib.metadata import version
from statistics import median
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from engine.child import run

from quality.fold import Fold, Predicted, each_fold

SETTINGS = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 10.0,
    "deterministic": True,
    "force_row_wise": True,
    "seed": 0,
    "verbosity": -1,
}
MOST, PATIENCE = 1000, 50


def exact(fold: Fold) -> Predicted:
    """Return the exact probability; .5 where the company has no contract in force, which the judge leaves out."""
    known = pd.read_parquet(fold.folder / "latent/test.parquet")["exact"]
    return Predicted(known.fillna(0.5).clip(0.0, 1.0).to_numpy())


def boosted(fold: Fold) -> Predicted:
    """Fit LightGBM to the features with the latent state beside them; rows whose state is unknown are left out.

    The rounds are the median over the latest two dates, each predicted from the dates whose labels were closed by it.
    """
    features = fold.coded()
    latent = [
        pd.read_parquet(fold.folder / f"latent/{part}.parquet").drop(columns="exact").add_prefix("latent_")
        for part in ("train", "test")
    ]
    train, test = (pd.concat(pair, axis=1) for pair in zip(features, latent, strict=True))
    rows = fold.rows("train")
    known = latent[0].notna().all(axis=1).to_numpy()
    train, rows = train[known].reset_index(drop=True), rows[known].reset_index(drop=True)
    settings = SETTINGS | {"num_threads": fold.threads}
    model = lgb.train(settings, lgb.Dataset(train, rows["label"]), _rounds(fold, train, rows, settings))
    return Predicted(model.predict(test), rows=len(train))


def _rounds(fold: Fold, train: pd.DataFrame, rows: pd.DataFrame, settings: dict[str, Any]) -> int:
    embargo = pd.Timedelta(days=sum(fold.target[key] for key in ("gap", "horizon", "settle_days")))
    found = []
    for day in sorted(rows["as_of"].unique())[-2:]:
        earlier, later = rows["as_of"] + embargo <= day, rows["as_of"] == day
        if not earlier.any():
            continue
        learnt = lgb.Dataset(train[earlier], rows.loc[earlier, "label"])
        stop = lgb.early_stopping(PATIENCE, verbose=False)
        held = lgb.Dataset(train[later], rows.loc[later, "label"], reference=learnt)
        found.append(lgb.train(settings, learnt, MOST, valid_sets=[held], callbacks=[stop]).best_iteration)
    return int(np.ceil(median(found))) if found else 200


def measure(job: dict[str, Any]) -> dict[str, Any]:
    told = f"LightGBM {version('lightgbm')}" if job["name"] == "latent_lightgbm" else "the company's own truth"
    return each_fold(told, boosted if job["name"] == "latent_lightgbm" else exact)(job)


if __name__ == "__main__":
    run(measure)
