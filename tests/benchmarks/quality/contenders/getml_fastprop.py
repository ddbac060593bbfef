"""getML's FastProp, community edition: features of its own choice from the raw rows, then LightGBM.

Its engine is a program of its own, started by a launcher that talks to its maker's servers; where the engine does not
come up, this says so, and does nothing to get round the launcher. It has one time per row, when a row first could be
read, which decides what is visible; rows superseded by the test date are left out. What follows the launch was written
from its documentation and never seen to run. Its own environment needs getml, lightgbm and pyarrow.
"""

from __future__ import annotations

import tempfile
import time
from typing import Any

import getml
import pandas as pd
from engine.child import run
from engine.contenders.getml_fastprop import end_all_of
from lightgbm import LGBMClassifier

from quality.fold import Fold, Predicted, each_fold

PATIENCE = 45
"""Seconds until the engine must have come up."""

FEATURES = 200
SETTINGS = {"n_estimators": 200, "learning_rate": 0.03, "num_leaves": 15, "min_child_samples": 40}


def predict(fold: Fold) -> Predicted:
    """Learn features on the training rows, compute them for both parts and fit LightGBM to them."""
    rows, asked = fold.rows("train"), fold.rows("test")
    roles = getml.data.Roles(join_key=["account_id"], time_stamp=["as_of"], target=["label"])
    keys = ["account_id", "as_of", "label"]
    train, test = (
        getml.DataFrame.from_pandas(part[keys], name, roles)
        for name, part in (("train", rows.astype({"label": float})), ("test", asked.assign(label=0.0)))
    )
    star = getml.data.StarSchema(train=train, test=test, alias="population")
    for table in fold.tables():
        if table == "accounts":
            continue
        seen = fold.visible(table, pd.Timestamp(fold.plain["test"]), keep=True)
        numbers = [name for name in seen if pd.api.types.is_numeric_dtype(seen[name])]
        texts = [name for name in seen if seen[name].dtype == "category" and seen[name].nunique() < 1000]
        seen = seen[["account_id", "visible_from", *numbers, *texts]].astype(dict.fromkeys(texts, str))
        role = getml.data.Roles(
            join_key=["account_id"], time_stamp=["visible_from"], numerical=numbers, categorical=texts
        )
        star.join(
            getml.DataFrame.from_pandas(seen, table, role),
            on="account_id",
            time_stamps=("as_of", "visible_from"),
            memory=getml.data.time.days(365),
        )
    learner = getml.feature_learning.FastProp(
        loss_function=getml.feature_learning.loss_functions.CrossEntropyLoss,
        num_features=FEATURES,
        num_threads=fold.threads,
    )
    pipeline = getml.Pipeline(data_model=star.data_model, feature_learners=[learner])
    pipeline.fit(star.train, check=False)
    made = [pd.DataFrame(pipeline.transform(part)) for part in (star.train, star.test)]
    model = LGBMClassifier(**SETTINGS, n_jobs=fold.threads, random_state=0, deterministic=True, verbose=-1)
    model.fit(made[0].to_numpy(float), rows["label"])
    probability = model.predict_proba(made[1].to_numpy(float))[:, 1]
    return Predicted(probability, rows=len(rows), note=f"{made[0].shape[1]} features")


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Start the engine, then predict fold after fold; raise RuntimeError when it does not come up."""
    home = tempfile.mkdtemp(prefix="getml-")
    try:
        getml.engine.launch(home_directory=home, launch_browser=False, allow_push_notifications=False)
        waited = time.perf_counter()
        while not getml.engine.is_alive():
            if time.perf_counter() - waited > PATIENCE:
                raise RuntimeError(
                    f"getML {getml.__version__} was installed and its launcher started, but its engine did not answer "
                    f"within {PATIENCE} s; the launcher gave no reason"
                )
            time.sleep(0.5)
        getml.engine.set_project("benchmark")
        return each_fold(f"getML {getml.__version__}", predict)(job)
    finally:
        end_all_of(home)


if __name__ == "__main__":
    run(measure)
