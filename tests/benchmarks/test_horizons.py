"""What horizons.py hands to the quality report: each aim can be met and missed."""

from __future__ import annotations

from typing import Any

import pytest
from horizons import figures


def found(falls: int, difference: float) -> dict[str, Any]:
    at = {
        "difference": {"value": difference, "low": difference - 0.01, "high": difference + 0.01},
        "ece": {"curve": 0.02, "alone": 0.01},
    }
    months = {"told": 0.09, "right": 0.17, "chance": 0.08}
    return {"synthetic": {"falls": falls, "horizons": {"30": at}, "months": months}}


@pytest.mark.parametrize(
    ("falls", "difference", "met"),
    [(0, -0.004, [True, True]), (1, 0.0, [False, True]), (0, -0.011, [True, False])],
)
def test_each_aim_is_told_with_what_was_measured(falls: int, difference: float, met: list[bool]) -> None:
    rows = figures(found(falls, difference))
    assert [row["met"] for row in rows if row["aim"]] == met
    assert rows[0]["value"] == falls
    assert rows[1]["what"] == "synthetic, 30 days: AUC of the curve minus that of a model for it alone"
    assert rows[1]["value"].startswith(f"{difference:+.4f} (")


def test_months_nobody_was_told_are_left_out() -> None:
    silent = found(0, 0.0)
    silent["synthetic"]["months"]["right"] = None
    assert not any("month" in row["what"] for row in figures(silent))
