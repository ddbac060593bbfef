"""What scripts of figures hand to the quality report: aims that can be met and missed, in one form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import calibration
import notes_worth
import pytest
import shuffled_labels
from figure_rows import row, with_ends, write


def test_figures_are_written_in_the_form_that_the_report_takes(tmp_path: Path) -> None:
    file = tmp_path / "told.json"
    write(file, "A title", "python x.py", [row("a", 1, "1", met=True), row("b", 0.5)], "A note.")
    assert json.loads(file.read_text()) == {
        "title": "A title",
        "command": "python x.py",
        "rows": [
            {"what": "a", "value": 1, "aim": "1", "met": True},
            {"what": "b", "value": 0.5, "aim": "", "met": None},
        ],
        "note": "A note.",
    }
    write(None, "A title", "python x.py", [], "")
    assert list(tmp_path.iterdir()) == [file]


def test_an_interval_is_told_with_its_ends_and_their_signs() -> None:
    assert with_ends({"value": -0.00371, "low": -0.009, "high": 0.002}) == "-0.0037 (-0.0090 to +0.0020)"


@pytest.mark.parametrize(("mean", "simplest", "met"), [(0.51, 20, [True, True]), (0.53, 19, [False, False])])
def test_shuffled_labels_are_held_to_their_aims(mean: float, simplest: int, met: list[bool]) -> None:
    found = {"seeds": 20, "mean": mean, "spread": 0.01, "simplest": simplest, "no_signal": 20}
    rows = shuffled_labels.figures({"churn": found})
    assert [each["met"] for each in rows if each["aim"]] == [*met, True]


def part(error: float, total: float) -> dict[str, Any]:
    ece = {name: {"value": value} for name, value in (("model", error), ("logistic", 0.02), ("plain", 0.03))}
    return {"ece": ece, "total": total, "value": 1.0, "rate": 0.1, "learnt": 0.12}


@pytest.mark.parametrize(
    ("firm", "error", "total", "met"),
    [
        ("synthetic", 0.03, 1.09, [True, True, True]),
        ("synthetic", 0.031, 0.89, [False, False, True]),
        ("retail", 0.0219, 1.5, [True]),  # 1.1 times the better of .02 and .03; totals have no aim there
        ("retail", 0.0221, 1.0, [False]),
    ],
)
def test_calibration_is_held_to_each_firms_aims(firm: str, error: float, total: float, met: list[bool]) -> None:
    rows = calibration.rows({firm: {"churn": {"earlier": part(error, total)}}})
    assert [each["met"] for each in rows if each["aim"]] == met


def test_notes_are_held_to_a_gain_for_churn_alone() -> None:
    one = {"difference": {"value": 0.01, "low": 0.001, "high": 0.02}, "with": {"share": 0.9}}
    less = {"difference": {"value": 0.01, "low": -0.001, "high": 0.02}, "with": {"share": 0.9}}
    rows = notes_worth.rows({name: {"logistic": one, "lightgbm": less} for name in ("churn", "upsell")})
    assert [each["met"] for each in rows] == [True, None, False, None, None, None, None, None]
