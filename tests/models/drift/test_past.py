"""Past lists are judged by what the backtest of their own model showed; a rule's promise nothing."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from models.drift.past import past_runs
from models.drift.reference import Folds

WIDE = Folds((date(2025, 1, 1),), (10.0,), (12,), shift=1.0, slope=0.3, pivot=-1.0)
NOBODY_KNOWS = SimpleNamespace(embargo=90, closed_by=lambda as_of, until: False)


def run(day: date, version: str, digest: str) -> Any:
    return SimpleNamespace(
        run_id=f"churn-{day}", as_of=day, sequence=1, model_name="churn", model_version=version, model_digest=digest,
        by_rule=version == "0 (rule)",
    )  # fmt: skip


def test_each_list_has_the_error_of_its_own_model() -> None:
    runs = [run(date(2025, 6, 1), "2", "b"), run(date(2025, 4, 1), "1", "a"), run(date(2025, 2, 1), "0 (rule)", "r")]
    chance = np.linspace(0.05, 0.6, 200)
    scores = pd.DataFrame({"account_id": [f"a{n}" for n in range(200)], "probability": chance})
    store: Any = SimpleNamespace(runs=lambda target: runs, scores=lambda run_id: scores)
    settings = SimpleNamespace(evaluate=SimpleNamespace(capacity=20), run=SimpleNamespace(seed=0))
    material: Any = SimpleNamespace(settings=settings, data_until=lambda target, day: day)
    target: Any = SimpleNamespace(name="churn", window=NOBODY_KNOWS)
    told = past_runs(material, target, store, date(2025, 6, 2), lambda each: {"b": WIDE}.get(each.model_digest))
    own, other, rule = (each["estimate"] for each in told)
    assert [own["calibration_in_interval"], other["calibration_in_interval"]] == [True, False]
    assert own["positives"]["high"] - own["positives"]["low"] > 2 * (
        other["positives"]["high"] - other["positives"]["low"]
    )
    assert (rule["auc"]["value"], rule["why_not"]) == (None, "a rule ranked")
