"""Monitoring as a flow, for a schedule: is what is scored still what was learnt from, and how good are the scores?"""

from __future__ import annotations

from datetime import date
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from flows.outermost import outermost


def monitor_all(config: str, as_of: date, targets: list[str] | None) -> dict[str, Any]:
    """Watch the targets at `as_of`; return the document that `monitor --json` writes."""
    from flows.watching import watch_targets
    from pipeline.settings import read_settings

    return watch_targets(read_settings(config), as_of, targets)


@flow(name="keepgrow-monitor", validate_parameters=False)
def monitor_runs(
    config: str, as_of: date | str | None = None, targets: list[str] | None = None, fail_on_drift: bool = False
) -> dict[str, Any]:
    """Compare what the champions would score at `as_of` with what they learnt from, and past lists with what came.

    Nothing is trained or published. What was found is also Prefect's table artifact `keepgrow-monitor`; with
    `fail_on_drift` the run fails where there is drift, so that a schedule's own alerts tell of it.

    Raises ModelError where no target has a champion, and DriftFound with `fail_on_drift`.
    """
    with outermost(config, as_of) as (_, day):
        told = task(monitor_all, cache_policy=NO_CACHE)(config, day, targets)
        create_table_artifact(key="keepgrow-monitor", table=_rows(told), description=f"Watched at {day}")
        if fail_on_drift and told["found"]:
            from pipeline.errors import DriftFound

            raise DriftFound("; ".join(f"{name}: {each['drift']['said']}" for name, each in _drifted(told).items()))
        return told


def _drifted(told: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in told["targets"].items() if each.get("drift") and each["drift"]["found"]}


def _rows(told: dict[str, Any]) -> list[dict[str, str]]:
    """Return a row per target and feature that drifted, or one that says there is none."""
    rows = []
    for name, each in told["targets"].items():
        drift = each.get("drift")
        found = [] if drift is None else [moved["said"] for moved in drift["moved"]]
        if drift is not None and drift["scores"] is not None:
            found.append(drift["scores"]["said"])
        rows += [{"target": name, "found": said} for said in found]
        if not found:
            rows.append({"target": name, "found": each.get("error") or (drift or {}).get("said", "")})
    return rows
