"""Plain LightGBM on our features, with its own defaults or with the settings of the hand-made baseline."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from engine.child import run
from lightgbm import LGBMClassifier
from plain_lightgbm import SETTINGS

from quality.fold import Fold, Predicted, each_fold


def predict(settings: dict[str, Any], fold: Fold) -> Predicted:
    """Fit a classifier, nothing tuned and nothing calibrated."""
    train, test = fold.coded()
    model = LGBMClassifier(**settings, n_jobs=fold.threads, random_state=0, deterministic=True, verbose=-1)
    model.fit(train, fold.rows("train")["label"])
    return Predicted(model.predict_proba(test)[:, 1], rows=len(train))


def measure(job: dict[str, Any]) -> dict[str, Any]:
    settings = {} if job["name"] == "lightgbm" else SETTINGS
    return each_fold(f"LightGBM {version('lightgbm')}", lambda fold: predict(settings, fold))(job)


if __name__ == "__main__":
    run(measure)
