"""keepgrow's own recipes (model, logistic, recency rule), fitted by the call that training and backtests use."""

from __future__ import annotations

from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from engine.child import run

from models.evaluate import EXPECTED_VALUE, PROBABILITY
from models.recalibrate import at_level
from models.train import fit_recipes
from quality.cases import CASES, Case
from quality.fold import KEYS, Fold, Predicted, each_fold


def predict(case: Case, name: str, fold: Fold) -> Predicted:
    """Fit the recipe to the fold's training dates and predict its test date, as a backtest does.

    Its level is held on that date's cohort as `[training] recalibrate` says: without a look at its labels.
    """
    material, test = case.material, date.fromisoformat(fold.plain["test"])
    target = material.target(fold.plain["target"])
    train = material.dataset(target, [date.fromisoformat(day) for day in fold.plain["train"]], known_by=test)
    fitted = fit_recipes((name,), train, target, material.features, material.settings, test)[name]
    judged = material.judged(target, test, case.known_by, {name: fitted})
    if material.settings.training.recalibrate == "cohort":
        judged, _ = at_level(judged, {name: fitted}, test)
    rows = fold.rows("test")
    both = rows[KEYS].merge(judged.astype({"as_of": rows["as_of"].dtype}), how="left", on=KEYS, validate="one_to_one")
    probability = both[PROBABILITY.format(name)].to_numpy()
    expected = both[EXPECTED_VALUE.format(name)]
    value = pd.Series(expected / probability).fillna(0.0).to_numpy()
    chosen = fitted.manifest.get("chosen") if name == "model" else None
    note = f"chose {chosen['chosen']}" if isinstance(chosen, dict) and chosen.get("chosen") else ""
    return Predicted(probability, value, len(train), note)


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Open the case once, then fit fold after fold."""
    case = CASES[job["case"]](Path(job["work"]), job["quick"], job["final"])
    told = f"keepgrow {version('keepgrow')}, LightGBM {version('lightgbm')}"
    return each_fold(told, lambda fold: predict(case, job["name"], fold))(job)


if __name__ == "__main__":
    run(measure)
