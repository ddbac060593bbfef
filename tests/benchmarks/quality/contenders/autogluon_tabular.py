"""AutoGluon on our features, for as many seconds as it is given.

An account has rows at many as_ofs, so its bags hold out whole accounts; a random split would validate on accounts
that were learnt from. Its own environment needs autogluon.tabular[lightgbm,catboost,xgboost] and pyarrow.
"""

from __future__ import annotations

import shutil
import tempfile
from importlib.metadata import version

import pandas as pd
from autogluon.tabular import TabularPredictor
from engine.child import run

from quality.fold import Fold, Predicted, each_fold

GROUPS = 5


def predict(fold: Fold) -> Predicted:
    """Fit within the fold's seconds and return the weighted ensemble's probabilities."""
    train, test = fold.coded()
    rows = fold.rows("train")
    group = pd.util.hash_array(rows["account_id"].to_numpy(object)) % GROUPS
    folder = tempfile.mkdtemp(prefix="autogluon-")
    try:
        predictor = TabularPredictor(
            "label", problem_type="binary", eval_metric="roc_auc", path=folder, groups="group", verbosity=1
        ).fit(
            train.assign(label=rows["label"].to_numpy(), group=group.astype(int)),
            time_limit=fold.job["seconds"],
            num_bag_folds=GROUPS,
            num_stack_levels=0,
            dynamic_stacking=False,
            ag_args_ensemble={"fold_fitting_strategy": "sequential_local"},
            num_cpus=fold.threads,
            num_gpus=0,
        )
        probability = predictor.predict_proba(test)[1].to_numpy()
        models = predictor.model_names()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Predicted(probability, rows=len(train), note=f"{len(models)} models")


if __name__ == "__main__":
    run(each_fold(f"AutoGluon {version('autogluon.tabular')}, pandas {pd.__version__}", predict))
