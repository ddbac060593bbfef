"""The model comes near the truth of the made-up company, on a fifth of the accounts that synthetic_quality.py takes.

That script holds 20,000 accounts to a share of .94, a calibration error of .03 and totals within 10 %. Here some
3,700 rows are tested, 300 of them positive, and the limits are as wide as that asks for.
"""

from __future__ import annotations

import numpy as np
import pytest
from synthetic_quality import Firm, Task, calibration_error, gini, judge


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Firm:
    return Firm.make(tmp_path_factory.mktemp("quality"), accounts=4000, years=3, seed=7)


@pytest.mark.parametrize("target", ["churn", "upsell"])
def test_the_model_comes_near_the_truth(firm: Firm, target: str) -> None:
    task = Task.of(firm, target, dates=6)
    assert max(task.train.dates) < min(task.test.dates)
    found = judge(firm, task)
    # Against exact probabilities, which are free of the labels' noise; the models' own is larger with fewer rows.
    assert found["share_expected"] >= 0.87
    assert found["gini"] > 0.3
    assert found["gini_with_latent"] < found["gini_exact"] + 0.05
    # Ten bins of 370 rows differ by .012 on average from a perfect model's probabilities.
    assert found["ece"] <= 0.03
    # 10 %, and the 5 % by which the share of a few hundred positives that calibrate is known.
    assert 0.85 <= found["total_expected"] <= 1.15


def test_the_measures_on_rows_where_the_answer_is_obvious() -> None:
    label = np.array([0, 0, 1, 1])
    assert gini(label, np.array([0.1, 0.2, 0.3, 0.4])) == 1.0
    assert gini(label, np.array([0.4, 0.3, 0.2, 0.1])) == -1.0
    assert gini(np.array([0.5, 0.5]), np.array([0.1, 0.9])) == 0.0
    assert calibration_error(label, np.array([0.1, 0.1, 0.9, 0.9])) == pytest.approx(0.1)
