"""The report beside a run: where it lies, what a rerun does to it, and that it never undoes a run."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.housekeeping import tidy
from pipeline.settings import read_settings

Inside = Callable[..., Any]


def test_a_run_names_its_report(firm: Any) -> None:
    file = firm.state / "reports" / "2026-01-01.html"
    assert json.loads(firm.json.read_text(encoding="utf-8"))["report"] == str(file)
    assert f"report   {file}" in firm.first.stderr
    assert [each.name for each in file.parent.iterdir()] == ["2026-01-01.html"]


def test_tidying_keeps_reports(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / "reports").mkdir(exist_ok=True)
        (tmp_path / "reports" / f"2026-01-{number + 1:02}.html").write_text("x", encoding="utf-8")
    tidy(tmp_path, datetime(2100, 1, 1, tzinfo=UTC))
    assert len(list((tmp_path / "reports").iterdir())) == 10


def test_the_next_week_tells_what_changed_and_keeps_the_first_report(tiny: Any, inside: Inside, tmp_path: Path) -> None:
    run = ["run", "--config", tiny.config, "--top", "0"]
    assert inside(*run, "--as-of", "2025-05-25").code == 0
    done = inside(*run, "--as-of", "2025-06-01", "--json", tmp_path / "second.json")
    assert done.code == 0
    reports = tiny.config.parent / "state" / "reports"
    assert sorted(each.name for each in reports.iterdir()) == ["2025-05-25.html", "2025-06-01.html"]
    first, second = ((reports / f"{day}.html").read_text(encoding="utf-8") for day in ("2025-05-25", "2025-06-01"))
    assert "This is the first list of churn" in first
    assert "Compared with the list of 2025-05-25" in second
    assert "the model: unchanged" in second
    # No training was due: the figures are those noted when the champion was trained.
    assert "Figures of the training of keepgrow-churn version" in second
    assert "Scores of churn that moved most" in second
    result = json.loads((tmp_path / "second.json").read_text(encoding="utf-8"))
    left = result["published"][0]["left"]
    assert f"{len(left)} left the list" in second


def test_a_dry_run_s_report_lies_apart(tiny: Any, inside: Inside) -> None:
    tiny.edit("[targets.churn]", "[targets.buys-less_now]")
    assert inside("run", "--config", tiny.config, "--dry-run", "--top", "0").code == 0
    state = tiny.config.parent / "state"
    page = (state / "reports-dry-run" / "2025-06-01.html").read_text(encoding="utf-8")
    assert "nothing was published" in page
    assert 'id="target-buys-less_now"' in page
    assert not (state / "reports").exists()


def test_a_report_that_cannot_be_written_is_a_warning(tiny: Any, inside: Inside, tmp_path: Path) -> None:
    state = read_settings(tiny.config).state_folder
    state.mkdir()
    (state / "reports").write_text("a file where the folder belongs", encoding="utf-8")
    done = inside("run", "--config", tiny.config, "--json", tmp_path / "run.json", "--top", "0")
    assert done.code == 0
    assert "warning  the report of 2025-06-01 could not be written: FileExistsError" in done.err
    result = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert result["report"] is None
    assert result["published"][0]["new"]


def test_a_run_whose_every_target_is_refused_still_leaves_a_report(tiny: Any, inside: Inside) -> None:
    tiny.edit("min_positives = 20", "min_positives = 100000")
    done = inside("run", "--config", tiny.config)
    assert done.code == 2
    page = (tiny.config.parent / "state" / "reports" / "2025-06-01.html").read_text(encoding="utf-8")
    assert "<strong>no list</strong>; training refused." in page
    assert "100,000" in page
