"""Publish scored lists to the store, then export them to the sinks."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from flows.command import step
from flows.going_back import tell_hold
from pipeline.publishing import export_list, publish_list
from pipeline.settings import read_settings

TOP = 20
"""Rows of each list that Prefect's table artifact shows."""


def publish_one(config: str, as_of: date, target: str, now: datetime, dry_run: bool) -> dict[str, Any]:
    """Publish one target's scored list; return the run."""
    published = publish_list(read_settings(config), target, as_of, now, dry_run=dry_run)
    step(f"publish  {target}: {published['said']}")
    tell_hold(published["hold"], published["hold_ended"])
    return published


def export_all(config: str, targets: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Export the published lists; return target -> the state of each sink."""
    settings = read_settings(config)
    exported = {target: export_list(settings, target, datetime.now(UTC)) for target in targets}
    for target, sinks in exported.items():
        for sink in sinks:
            step(f"export   {target}: {sink['said']}")
    return exported


@flow(name="keepgrow-publish", validate_parameters=False)
def publish(config: str, as_of: date, targets: list[str], dry_run: bool = False) -> list[dict[str, Any]]:
    """Publish the lists scored at `as_of`: write, audit and flip in one transaction, then export."""
    one = task(publish_one, cache_policy=NO_CACHE)
    results: list[dict[str, Any]] = []
    try:
        for target in targets:
            published = one(config, as_of, target, datetime.now(UTC), dry_run)
            if published["top"] and not published["hold"]:  # the artifact shows what readers see
                create_table_artifact(key=f"keepgrow-{target.replace('_', '-')}", table=published["top"][:TOP])
            results.append(published)
    finally:
        # What is published is exported, also where a later list failed its audit.
        if results and not dry_run:
            exported = task(export_all, cache_policy=NO_CACHE)(config, [result["target"] for result in results])
            for result in results:
                result["sinks"] = exported[result["target"]]
    return results
