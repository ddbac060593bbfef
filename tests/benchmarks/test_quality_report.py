"""QUALITY.md is written from what was found, and says what was not measured and what did not run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from quality import figures
from quality.catalogue import CONTENDERS
from quality.judging import Fitted, judge
from quality.report import Part, render

OK = {"status": "ok", "rows": 8, "note": "", "processor": 1.5, "version": "v1"}
FOLD = {
    "test": "2025-06-01",
    "train": ["2025-01-01", "2025-02-01"],
    "rows": {"train": 8, "test": 4},
    "rates": {"train": 0.25, "test": 0.5},
}


def fitted(folder: Path, probability: list[float], **more: Any) -> Fitted:
    out = folder / f"told{len(list(folder.glob('*.parquet')))}"
    told = pd.DataFrame({"account_id": list("abcd"), "as_of": pd.Timestamp("2025-06-01"), "probability": probability})
    told.assign(expected_value=probability).to_parquet(out.with_suffix(".parquet"))
    return Fitted([out], [OK | more])


@pytest.fixture
def part(tmp_path: Path) -> Part:
    (tmp_path / "judge").mkdir()
    rows = pd.DataFrame({"account_id": list("abcd"), "as_of": pd.Timestamp("2025-06-01"), "label": [1, 0, 1, 0]})
    rows.assign(realised=[100.0, 0.0, 300.0, 0.0]).to_parquet(tmp_path / "judge/rows.parquet")
    told = {
        "model": fitted(tmp_path, [0.9, 0.1, 0.8, 0.2], note="chose logistic"),
        "lightgbm": fitted(tmp_path, [0.9, 0.1, 0.2, 0.8], processor=2.6),
        "fastprop": Fitted([tmp_path / "2025-06-01/fastprop"], [{"status": "failed", "error": "RuntimeError: silent"}]),
    }
    key = ("online_retail", "churn", "earlier")
    return Part(key, "Online Retail: churn, earlier folds pooled", [FOLD], told, judge([tmp_path], told))


def line(text: str, start: str) -> str:
    return next(each for each in text.splitlines() if each.startswith(f"| {start} |"))


def test_every_contender_is_in_a_table_or_said_not_to_be(part: Part) -> None:
    text = render([part], {}, 600, quick=False)
    (first, *_) = [each for each in text.splitlines() if each.startswith("| LightGBM, its defaults |")]
    assert first.startswith("| LightGBM, its defaults | .7500 (")
    assert "| +.2500 (" in first
    assert first.endswith("| 3 | 8 |")
    assert "- getML FastProp + LightGBM: 2025-06-01: RuntimeError: silent" in text
    assert "- FLAML: not measured" in text
    assert "- keepgrow: chose logistic" in text
    flat = " ".join(text.split())
    assert "4 test rows of 4 accounts, 2 with label 1. Learnt: 2025-06-01 from 8 rows of 2 dates." in flat
    assert "Base rate: 2025-06-01 0.500, 0.250 among the rows learnt from (+0.250)." in flat
    assert "get 600 s of wall time each for a target, shared out over its earlier folds (600 s a fold" in flat
    assert all(contender.title in text for contender in CONTENDERS)


def test_statements_are_met_or_missed(part: Part) -> None:
    text = render([part], {}, 600, quick=False)
    (held,) = [each for each in text.splitlines() if "above the better of plain LightGBM" in each]
    # Four accounts: the interval reaches down to 0.
    assert held.endswith("| **missed** |")
    assert "against LightGBM, its defaults" in held


def test_a_quick_report_says_so_and_cases_that_failed_are_told(part: Part) -> None:
    assert "Made with --quick" not in render([part], {}, 600, quick=False)
    text = render([], {}, 20, quick=True, failed_cases={"Online Retail": "failed: no such file"})
    assert "Made with --quick" in text
    assert "**Online Retail was not measured:** failed: no such file" in text


def test_figures_of_other_scripts_are_told_with_their_aims() -> None:
    rows = [
        {"what": "AUC, 200 accounts", "value": 0.8931, "aim": ".85 to .95", "met": True},
        {"what": "rates", "value": 0.5, "aim": ".85 to .95", "met": False},
        {"what": "draws", "value": 1200, "aim": "", "met": None},
    ]
    found = {
        "title": "Coverage",
        "command": "python tests/benchmarks/interval_coverage.py",
        "rows": rows,
        "note": "So.",
    }
    text = render([], {"interval_coverage": found, "leaks": {"error": "ValueError: no"}}, 600, quick=False)
    assert "| AUC, 200 accounts | 0.8931 | .85 to .95 | met |" in text
    assert "| rates | 0.5 | .85 to .95 | **missed** |" in text
    assert "| draws | 1,200 |  |  |" in text
    assert "## leaks\n\nDid not run: ValueError: no." in text
    assert "## drift\n\nNot measured." in text


def test_figures_not_measured_anew_stay_as_the_page_tells_them() -> None:
    command = "python tests/benchmarks/leaks.py"
    rows = [{"what": "named", "value": 5, "aim": "5", "met": True}]
    found = {"title": "Leaks", "command": command, "rows": rows, "note": "So."}
    page = render([], {"leaks": found}, 600, quick=False)
    again = render([], {}, 600, quick=False, page=page)
    kept = f"## Leaks\n\n`{command}`\n\nAs an earlier run measured it.\n\n|"
    assert kept in again
    assert "| named | 5 | 5 | met |" in again
    assert "## drift\n\nNot measured." in again
    assert render([], {}, 600, quick=False, page=again) == again
    assert render([], {"leaks": found}, 600, quick=False, page=again) == page


SCRIPT = """
import json, sys
{before}
rows = [{{"what": "x", "value": 1, "aim": "", "met": None}}]
open(sys.argv[sys.argv.index("--json") + 1], "w").write(json.dumps({{"title": "T", "command": "c", {named}: rows}}))
"""


@pytest.mark.parametrize(
    ("before", "named", "error"),
    [
        ("", '"rows"', None),
        ("raise ValueError('no data')", '"rows"', "ValueError: no data"),
        ("", '"lines"', "its JSON is not of the form agreed on: KeyError: 'rows'"),
    ],
)
def test_a_script_is_run_and_its_failure_is_kept(tmp_path: Path, before: str, named: str, error: str | None) -> None:
    script = tmp_path / "some.py"
    script.write_text(SCRIPT.format(before=before, named=named))
    found = figures.measure("some", tmp_path, quick=True, script=script)
    assert found == figures.read("some", tmp_path)
    assert found.get("error") == error
    if error is None:
        assert found["rows"][0]["what"] == "x"
        script.write_text(script.read_text() + "\nraise SystemExit(3)  # changed: it is run again")
        assert figures.measure("some", tmp_path, quick=True, script=script)["error"] == "ended with 3"


def test_a_script_that_is_not_there_is_said_to_be_absent(tmp_path: Path) -> None:
    assert figures.measure("some", tmp_path, True, tmp_path / "some.py") == {"error": "some.py is not there"}


def test_make_has_the_command(root: Path) -> None:
    text = (root / "Makefile").read_text()
    assert "\nbench-quality:" in text
    assert "python -m quality $(OPTIONS)" in text
