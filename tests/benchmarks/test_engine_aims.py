"""RESULTS.md says of each aim whether the measurements hold it."""

from __future__ import annotations

from typing import Any

import pytest
from engine.aims import aims
from engine.cases import Case
from engine.chapters import FULL

USUAL, LARGE = Case(FULL.usual), Case(FULL.large, memory_gb=4.0)


def record(seconds: float, peak_gb: float = 1.0) -> dict[str, Any]:
    return {"status": "ok", "seconds": seconds, "processor": seconds, "peak_gb": peak_gb}


def line(text: str, part: str) -> list[str]:
    (found,) = [each for each in text.splitlines() if part in each]
    return [cell.strip() for cell in found.strip("|").split("|")][1:]


@pytest.mark.parametrize(("seconds", "told"), [(12, ["6.00", "yes"]), (13, ["6.50", "**no**"])])
def test_ours_is_held_to_six_times_the_limit(seconds: float, told: list[str]) -> None:
    text = aims({"limit/20000000-100000-4/2w": record(2), f"features/{USUAL.name}/13": record(seconds)}, FULL)
    assert line(text, "at most 6 times the limit") == told


@pytest.mark.parametrize(("seconds", "told"), [(60, ["1.20", "yes"]), (70, ["1.40", "**no**"])])
def test_five_times_the_events_may_take_five_times_as_long(seconds: float, told: list[str]) -> None:
    text = aims({f"features/{USUAL.name}/13": record(10), f"features/{LARGE.name}/13": record(seconds, 4.5)}, FULL)
    assert line(text, "within 1.3 of linear") == told
    assert line(text, "in at most 4 GB") == ["4.50 GB", "**no**"]


def test_a_peak_is_the_highest_of_all_steps() -> None:
    measured = {f"features/{LARGE.name}/13": record(60, 2.4), f"snapshot/{LARGE.name}": record(350, 4.2)}
    assert line(aims(measured, FULL), "in at most 4 GB") == ["4.20 GB", "**no**"]


def test_every_contender_must_take_longer_with_the_same_numbers() -> None:
    ours = {f"features/{Case(FULL.small).name}/13": record(2)}
    slower = record(9) | {"differences": []}
    text = aims(ours | {"contender/sql": slower, "contender/polars_windows": slower}, FULL)
    assert line(text, "faster than every contender") == ["4.50 times ours at the least, of 2", "yes"]
    assert line(text, "with the same numbers") == ["2 of 2 compared", "yes"]
    wrong = record(1) | {"differences": ["calls: 1 of 3 rows"]}
    text = aims(ours | {"contender/sql": slower, "contender/polars_windows": wrong}, FULL)
    assert line(text, "faster than every contender") == ["0.50 times ours at the least, of 2", "**no**"]
    assert line(text, "with the same numbers") == ["1 of 2 compared", "**no**"]


def test_what_was_not_measured_is_not_held_to_anything() -> None:
    assert line(aims({}, FULL), "at most 6 times the limit") == ["not measured", ""]
