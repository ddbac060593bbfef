"""The committed hand-made baseline: plain_lightgbm.py's features, labels and settings, on a fold's dates."""

from __future__ import annotations

from importlib.metadata import version

import pandas as pd
import plain_lightgbm as baseline
from engine.child import run
from lightgbm import LGBMClassifier

from quality.fold import Fold, Predicted, each_fold


def predict(fold: Fold) -> Predicted:
    """Fit and predict as the baseline does; raise ValueError where its cohort or labels are not the fold's."""
    lines = baseline.read_lines(baseline.LINES)
    target, youngest = fold.plain["target"], fold.target["min_history_days"]
    rows, asked = fold.rows("train"), fold.rows("test")
    features, labels = [], []
    for as_of, part in rows.groupby("as_of"):
        made, label = baseline.hand_made_features(lines, as_of), baseline.labelled(lines, as_of, target, youngest)
        theirs = part.set_index("account_id")["label"]
        differ = int((label.reindex(theirs.index) != theirs).sum()) + abs(len(label) - len(theirs))
        if differ:
            raise ValueError(f"{differ} of {len(theirs)} rows at {as_of:%Y-%m-%d} differ in cohort or label")
        features.append(made.loc[label.index])
        labels.append(label)
    model = LGBMClassifier(
        **baseline.SETTINGS, n_jobs=fold.threads, random_state=0, deterministic=True, verbose=-1
    ).fit(pd.concat(features), pd.concat(labels))
    test = baseline.hand_made_features(lines, pd.Timestamp(fold.plain["test"])).loc[asked["account_id"]]
    return Predicted(model.predict_proba(test)[:, 1], rows=len(rows))


if __name__ == "__main__":
    run(each_fold(f"LightGBM {version('lightgbm')}", predict))
