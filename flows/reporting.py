"""The run's report, written beside the run: a page for a browser, replaced whole by a rerun of the same day."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path
from typing import Any

from flows.command import LOG, step
from flows.report_contents import gather
from pipeline.report import render
from pipeline.settings import Settings, read_settings


def write_report(config: str, as_of: date, result: dict[str, Any], now: datetime, dry_run: bool) -> str | None:
    """Write the report of what the main job did and return its path.

    `result` is what the job returns. Whatever keeps the report from being written is only told: the lists stand, and
    None is returned.
    """
    try:
        settings = read_settings(config)
        page = render(gather(settings, config, as_of, result, now, dry_run))
        file = report_file(settings, as_of, dry_run)
        _replace(file, page)
    except Exception as error:  # the lists are out: nothing about their report may undo the run
        LOG.debug("the report failed", exc_info=True)
        step(f"warning  the report of {as_of} could not be written: {type(error).__name__}: {error}")
        return None
    step(f"report   {file}")
    return str(file)


def report_file(settings: Settings, as_of: date, dry_run: bool = False) -> Path:
    """Return where the report of a day lies; that of a dry run lies apart."""
    return settings.state_folder / ("reports-dry-run" if dry_run else "reports") / f"{as_of}.html"


def _replace(file: Path, page: str) -> None:
    part = file.with_name(f".{file.name}.{os.getpid()}")
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        part.write_text(page, encoding="utf-8")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
