"""FLAML on our features, for as many seconds as it is given.

An account has rows at many as_ofs, so it validates on whole accounts. Its own environment needs flaml[automl] and
pyarrow.
"""

from __future__ import annotations

from importlib.metadata import version

import pandas as pd
from engine.child import run
from flaml import AutoML

from quality.fold import Fold, Predicted, each_fold

GROUPS = 5


def predict(fold: Fold) -> Predicted:
    """Search within the fold's seconds and return the best model's probabilities, refitted to all rows."""
    train, test = fold.coded()
    # A column that is blank throughout stops some of its learners.
    kept = [name for name in train.columns if train[name].notna().any()]
    train, test = train[kept], test[kept]
    rows = fold.rows("train")
    search = AutoML()
    search.fit(
        train,
        rows["label"].to_numpy(),
        task="classification",
        metric="roc_auc",
        time_budget=fold.job["seconds"],
        eval_method="cv",
        split_type="group",
        groups=pd.util.hash_array(rows["account_id"].to_numpy(object)) % GROUPS,
        n_splits=GROUPS,
        n_jobs=fold.threads,
        seed=0,
        verbose=0,
        log_file_name="",
    )
    if search.best_estimator is None:
        raise RuntimeError(f"it found no model within {fold.job['seconds']:.0f} s")
    return Predicted(search.predict_proba(test)[:, 1], rows=len(train), note=f"chose {search.best_estimator}")


if __name__ == "__main__":
    run(each_fold(f"FLAML {version('flaml')}, pandas {pd.__version__}", predict))
