from __future__ import annotations

from datetime import date
from typing import Any, cast

import numpy as np
import pandas as pd

from models.ageing import Ageing

MODEL = cast("Any", "a model")


def test_of_each_age_in_months_the_nearest_is_taken_up_to_a_year() -> None:
    kept = Ageing({date(2025, 1, day): MODEL for day in (1, 5)} | {date(2024, 1, 1): MODEL, date(2025, 4, 1): MODEL})
    assert sorted(kept.older(date(2025, 4, 1))) == ["aged_3"]
    assert sorted(kept.older(date(2024, 12, 31))) == ["aged_12"]
    assert kept.older(date(2025, 4, 10)) == {"aged_3": MODEL}  # that of nine days before counts as fresh


def test_a_model_of_an_age_stands_beside_one_fitted_anew_on_the_same_rows() -> None:
    kept = Ageing()
    judged = pd.DataFrame(
        {
            "account_id": [f"a{number}" for number in range(40)], "as_of": pd.Timestamp("2025-04-01"),
            "label": np.tile([0, 1], 20), "realised": 1.0, "model_probability": np.tile([0.2, 0.8], 20),
            "model_expected_value": 1.0, "aged_3_probability": np.tile([0.6, 0.4], 20), "aged_3_expected_value": 1.0,
        }
    )  # fmt: skip
    left = kept.take(date(2025, 4, 1), MODEL, judged, ["aged_3"])
    assert "aged_3_probability" not in left.columns
    (age,) = kept.plain(capacity=10, replicates=100, seed=0)
    assert (age["months"], age["n"], age["dates"]) == (3, 40, 1)
    assert (age["aged"]["auc"]["value"], age["fresh"]["auc"]["value"]) == (0.0, 1.0)
    assert age["aged - fresh"]["auc"]["value"] == -1.0
    assert (age["aged"]["total"], age["fresh"]["total"]) == (1.0, 1.0)
    assert list(kept.fitted) == [date(2025, 4, 1)]


def test_without_older_models_there_is_nothing_to_tell() -> None:
    assert Ageing().plain(capacity=10, replicates=100, seed=0) == []
