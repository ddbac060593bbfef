"""The backtest as a flow, for a schedule: how good the models would have been, told every month."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from flows.command import step
from flows.outermost import outermost
from pipeline.errors import SinkError


def judge_all(config: str, as_of: date, targets: list[str] | None) -> dict[str, Any]:
    """Backtest the targets on rows recorded up to `as_of`; return the document that `backtest --json` writes."""
    from flows.judging import backtests
    from models.backtest import document
    from pipeline.settings import read_settings

    done = []
    for result in backtests(read_settings(config), as_of, targets):
        done.append(result)
        step(f"backtest {result.target}: {result.plain['verdict']}, AUC {_said(result.auc().plain())}")
        for warning in result.plain["warnings"]:
            step(f"warning  {warning}")
    return document(done)


@flow(name="keepgrow-backtest", validate_parameters=False)
def judge_models(
    config: str, as_of: date | str | None = None, out: str | None = None, targets: list[str] | None = None
) -> dict[str, Any]:
    """Refit every target at past dates and measure it beside its baselines; nothing is registered or published.

    Rows recorded up to `as_of` serve to judge, without it up to today. `out` is a file for the document that
    `keepgrow backtest --json` writes, relative to the config's root and replaced whole. The pooled figures are also
    Prefect's table artifact `keepgrow-backtest`.

    Raises TrainingRefused when every target is refused, SinkError for a file that cannot be written.
    """
    with outermost(config, as_of, as_configured=False) as (settings, day):
        file = None if out is None else settings.path(out)
        if file is not None and not file.parent.is_dir():
            raise SinkError(f"the backtest cannot be written to {file}: there is no folder {file.parent}. Make it.")
        judged = task(judge_all, cache_policy=NO_CACHE)(config, day, targets)
        create_table_artifact(key="keepgrow-backtest", table=_pooled(judged), description=f"Out of time, up to {day}")
        if file is not None:
            _write(file, judged)
            step(f"write    {file}")
        return judged


def _pooled(judged: dict[str, Any]) -> list[dict[str, str]]:
    """Return a row per target and contender of the pooled folds, with its AUC and what it shows."""
    return [
        {
            "target": name,
            "contender": contender,
            "rows": f"{result['pooled']['n']:,}",
            "positives": f"{result['pooled']['positives']:,}",
            "AUC": _said(figures["auc"]),
            "verdict": result["verdict"] if contender == "model" else "",
        }
        for name, result in judged["targets"].items()
        if result["pooled"]
        for contender, figures in result["pooled"]["contenders"].items()
    ]


def _said(figure: dict[str, float | None]) -> str:
    value, low, high = (figure[part] for part in ("value", "low", "high"))
    if value is None:
        return "unknown"
    return f"{value:.3f}" if low is None or high is None else f"{value:.3f} ({low:.3f} to {high:.3f})"


def _write(file: Path, judged: dict[str, Any]) -> None:
    fresh = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        fresh.write_text(json.dumps(judged, indent=2, default=str, allow_nan=False) + "\n", encoding="utf-8")
        fresh.replace(file)
    except OSError as error:
        raise SinkError(f"the backtest cannot be written to {file}: {error.strerror or error}.") from None
    finally:
        fresh.unlink(missing_ok=True)
