"""Shuffled labels in the small: three draws of a small company, and when the script says that its aims are missed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from shuffled_labels import holds, judge
from synthetic_quality import Firm, Task

FOUND = {"mean": 0.505, "seeds": 3, "simplest": 3, "no_signal": 3, "verdict": "no signal shown"}


def test_nothing_is_found_in_shuffled_labels(tmp_path_factory: pytest.TempPathFactory) -> None:
    firm = Firm.make(tmp_path_factory.mktemp("shuffled"), accounts=1200, years=2, seed=11)
    found = judge(firm, Task.of(firm, "upsell", dates=4), seeds=3, rows=1500)
    # One AUC of some 100 positives has a standard deviation of .03, the mean of three .017.
    assert found["mean"] == pytest.approx(0.5, abs=0.05)
    assert np.ptp(found["aucs"]) > 0
    assert found["simplest"] == found["no_signal"] == found["seeds"] == 3
    assert found["chosen"] == {"recency": 3}


@pytest.mark.parametrize(
    "missed", [{}, {"mean": 0.53}, {"simplest": 2}, {"no_signal": 2}, {"verdict": "hardly any signal"}]
)
def test_each_aim_can_be_missed(missed: dict[str, Any]) -> None:
    assert holds(FOUND | missed) is (not missed)
