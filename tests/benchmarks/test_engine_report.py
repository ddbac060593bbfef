"""RESULTS.md is written from what was measured, and says what was not."""

from __future__ import annotations

from typing import Any

from engine.cases import Case
from engine.chapters import FULL
from engine.report import reflowed, render

USUAL, SMALL = Case(FULL.usual).name, Case(FULL.small).name


def record(seconds: float, **more: Any) -> dict[str, Any]:
    return {"status": "ok", "seconds": seconds, "processor": 2 * seconds, "peak_gb": 1.5, "load": 0.1} | more


def line(text: str, start: str) -> str:
    (found,) = [each for each in text.splitlines() if each.startswith(f"| {start} |")]
    return found


def test_ours_is_told_in_times_of_the_limit() -> None:
    text = render(
        {
            "limit/20000000-100000-4/2w": record(2),
            f"features/{USUAL}/13": record(9),
            f"snapshot/{USUAL}": record(30, buckets=10, rows=20_000_000, bytes_per_row=25.0),
        }
    )
    assert line(text, "features") == "| features | 9.00 | 18.0 | 1.50 | 4.50 | 4.50 |"
    assert line(text, "buckets and features") == "| buckets and features | 39.0 | 78.0 | 1.50 | 19.5 | 19.5 |"
    assert line(text, "features kept").startswith("| features kept | not measured |")
    assert "10 buckets of about 2,000,000 rows, 25.0 bytes a row on disk." in " ".join(text.split())


def test_contenders_are_told_in_times_of_ours_with_what_went_wrong() -> None:
    text = render(
        {
            f"features/{SMALL}/13": record(2),
            f"snapshot/{SMALL}": record(6, buckets=1, rows=10, bytes_per_row=25.0),
            "contender/pandas_windows": record(40, version="pandas 3", rows=7, features=80, differences=[]),
            "contender/polars_windows": record(4, version="Polars 2", rows=7, features=80, differences=["calls: 1"]),
            "contender/sql": {"status": "late", "limit": 200, "load": 0.1},
            "contender/featuretools_cutoffs": {"status": "failed", "error": "no wheel", "load": 0.1},
        }
    )
    assert line(text, "pandas 3") == "| pandas 3 | 40.0 | 80.0 | 1.50 | 20.0 | 5.00 | 80 features, 7 rows |"
    assert line(text, "Polars 2").endswith("| 2.00 | 0.50 | NO: calls: 1 |")
    assert "| more than 200 s |  |  | more than 100 | more than 25.0 |" in line(text, "DuckDB SQL, range join")
    assert "failed: no wheel" in line(text, "Featuretools (reduced)")


def test_a_busy_machine_is_said_to_be_busy() -> None:
    text = render({"limit/20000000-100000-4/2w": record(2) | {"load": 7.5}, f"features/{USUAL}/13": record(9)})
    assert "was 1 or more in 1 of 2 (highest 7.5)" in " ".join(text.split())


def test_without_rates_nothing_is_said_of_larger_machines() -> None:
    assert "Not all rates that it needs were measured" in render({})


def test_paragraphs_are_filled_and_tables_are_left_alone() -> None:
    text = "# Head\n\none\ntwo\n\n- first\n  item\n- second\n\n| a | b |\n| --- | --- |"
    assert reflowed(text) == "# Head\n\none two\n\n- first item\n- second\n\n| a | b |\n| --- | --- |\n"


def test_scoring_is_told_in_rows_and_shares() -> None:
    found = {"rows": 1_000_000, "rows_per_second": {"bare": 161523.1, "ours": 95411.3}, "ratio": 0.5907}
    text = render({"scoring": record(2, found=found)})
    assert line(text, "rows") == "| rows | 1,000,000 |"
    assert line(text, "rows per second") == "| rows per second | bare 161,523, ours 95,411 |"
    assert line(text, "ratio") == "| ratio | 0.59 |"
