from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from models.plots import FIGURES, fold_table, plots
from models.summary import headline, summary

FIGURE = {"value": 0.71234, "low": 0.6, "high": 0.8}
UNKNOWN = {"value": None, "low": None, "high": None}


def part(as_of: str | None, **contenders: dict[str, float | None]) -> dict[str, Any]:
    measured = {name: dict.fromkeys(FIGURES, figure) for name, figure in contenders.items()}
    return {"n": 100, "positives": 25, "contenders": measured} | ({"as_of": as_of} if as_of else {})


def notes(folds: int = 2) -> dict[str, Any]:
    curve = [{"share": share, "captured": share**0.5, "captured_value": share**0.3} for share in (0.0, 0.5, 1.0)]
    bin_ = {"low": 0.1, "high": 0.3, "n": 50, "predicted": 0.2, "observed": 0.25}
    days = ["2026-02-01", "2026-03-01"][:folds]
    return {
        "evaluation": {
            "folds": [part(day, model=FIGURE, recency=UNKNOWN) for day in days],
            "pooled": part(None, model=FIGURE, recency=UNKNOWN),
        },
        "warnings": ["nearly a coin's toss"],
        "curves": {
            "gain": curve,
            "gain_recency": curve,
            "precision_recall": [{"recall": 0.5, "precision": 0.4}, {"recall": 1.0, "precision": 0.25}],
            "reliability": [bin_ | {"observed_low": 0.2, "observed_high": 0.3}],
        },
        "cohorts": [
            {"as_of": "2025-11-01", "n": 500, "positives": 50},
            {"as_of": "2025-12-01", "n": 500, "positives": 50},
        ],
        "importance": [{"topic": "tickets", "share": 0.7}, {"topic": "use", "share": 0.3}],
        "decision": {"reason": "'model' is the first champion."},
        "counts": {"rows": 1000, "accounts": 520, "positives": 100},
        "trained_until": "2026-04-01",
        "recipe": "model",
    }


WORDS = {"cohort": "MRR above 0", "label": "MRR is 0 in the window of 90 days", "value": "12 x MRR"}


@pytest.mark.parametrize("folds", [1, 2])
def test_every_chart_is_a_whole_svg_that_says_what_it_shows(folds: int) -> None:
    drawn = plots(notes(folds))
    assert sorted(drawn) == [
        "folds.svg", "gain.svg", "importance.svg", "lift.svg", "precision_recall.svg", "reliability.svg"
    ]  # fmt: skip
    texts = {}
    for name, svg in drawn.items():
        root = ElementTree.fromstring(svg)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        texts[name] = " ".join("".join(element.itertext()) for element in root.iter())
        assert "nan" not in svg
    assert "recency rule" in texts["gain.svg"]
    assert "tickets" in texts["importance.svg"]
    assert "base rate" in texts["precision_recall.svg"]


def test_without_a_test_date_only_what_is_known_is_drawn() -> None:
    untested = notes() | {"evaluation": {}, "curves": {}}
    assert list(plots(untested)) == ["importance.svg"]
    assert fold_table(untested) == {}


def test_the_table_has_a_row_per_fold_and_contender_and_one_of_all_folds() -> None:
    table = fold_table(notes())
    assert table["columns"][:5] == ["fold", "contender", "auc", "auc_low", "auc_high"]
    assert [row[:5] for row in table["data"]] == [
        ["2026-02-01", "model", 0.7123, 0.6, 0.8],
        ["2026-02-01", "recency rule", None, None, None],
        ["2026-03-01", "model", 0.7123, 0.6, 0.8],
        ["2026-03-01", "recency rule", None, None, None],
        ["all", "model", 0.7123, 0.6, 0.8],
        ["all", "recency rule", None, None, None],
    ]
    assert {len(row) for row in table["data"]} == {len(table["columns"])}


def test_one_fold_is_not_told_twice() -> None:
    assert [row[0] for row in fold_table(notes(1))["data"]] == ["2026-02-01", "2026-02-01"]


def test_a_training_in_some_lines() -> None:
    assert summary(notes(), WORDS).splitlines() == [
        "**'model' is the first champion.**",
        "- Question: MRR is 0 in the window of 90 days; asked of accounts with MRR above 0",
        "- Learnt from 1,000 rows of 520 accounts at 2 dates, 2025-11-01 to 2025-12-01; 100 positive (10.0%); "
        "labels as known by 2026-04-01",
        "- Tested out of time at 2026-02-01, 2026-03-01: 100 rows, 25 positive",
        "- AUC of the model: .712 (.600 to .800); the first tenth holds 71% of the value",
        "- AUC of the recency rule: unknown (unknown to unknown); the first tenth holds an unknown part of the value",
        "- Warning: nearly a coin's toss",
        "- Looks most at: tickets 70%, use 30%",
        "- Charts in plots/, folds in folds.json, all of this as data in training.json and backtest.json",
    ]
    assert "history is too short for a test date" in summary(notes() | {"evaluation": {}}, WORDS)


def test_a_training_in_a_sentence() -> None:
    made = "Recipe 'model', trained until 2026-04-01 on 1,000 rows, 100 positive."
    assert headline(notes()) == f"{made} AUC out of time .712 (.600 to .800)."
    assert headline(notes() | {"evaluation": {}}) == f"{made} Not tested out of time."
