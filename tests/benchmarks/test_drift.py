"""The table of the drift benchmark counts companies told in time, and alarms before there was cause."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from drift import DRIFT, MONTH, figures, firm, trained

from models.drift.watching import watch


def test_the_planted_drift_is_told_within_30_days_and_not_before(tmp_path: Path) -> None:
    material, first_day = firm(tmp_path, 600, 1)
    target = material.target("churn")
    change = first_day + timedelta(days=round(DRIFT * MONTH))
    model = trained(material, target, change)
    found = [watch(material, target, model, change + timedelta(days=days)) for days in (0, 28)]
    assert [each is not None and each["drift"]["found"] for each in found] == [False, True]


def test_alarms_are_counted_on_their_side_of_the_change() -> None:
    quiet = {"told": [{"day": -28, "moved": [], "scores": None}, {"day": 28, "moved": ["x"], "scores": None}]}
    wrong = {"told": [{"day": -28, "moved": [], "scores": "y"}, {"day": 56, "moved": ["x"], "scores": None}]}
    assert [row["value"] for row in figures([quiet, wrong], 600)] == [1, 1, 1]
