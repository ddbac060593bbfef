"""The leaks that the benchmark plants are named in one small company, and nothing honest is beside them."""

from __future__ import annotations

from pathlib import Path

from leaks import END, PLANTED, company, named


def test_planted_leaks_are_named_and_honest_columns_are_not(tmp_path: Path) -> None:
    found = {suspect.column for suspect in named(company(tmp_path, 250, 1, True), END)}
    assert found == set(PLANTED)
