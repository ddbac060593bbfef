"""Publish scored lists to the store, then export them to the sinks."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from flows.command import step
from flows.going_back import tell_hold
from pipeline.publishing import publish_list
from pipeline.settings import read_settings

TOP = 20
"""Rows of each list that Prefect's table artifact shows."""


def publish_one(config: str, as_of: date, target: str, now: datetime, dry_run: bool) -> dict[str, Any]:
    """Publish one target's scored list and export it; return the run and the state of each sink."""
    published = publish_list(read_settings(config), target, as_of, now, dry_run=dry_run)
    step(f"publish  {target}: {published['said']}")
    for sink in published["sinks"]:
        step(f"export   {target}: {sink['said']}")
    tell_hold(published["hold"])
    return published


@flow(name="keepgrow-publish", validate_parameters=False)
def publish(config: str, as_of: date, targets: list[str], dry_run: bool = False) -> list[dict[str, Any]]:
    """Publish the lists scored at `as_of`: write, audit and flip in one transaction, then export."""
    one = task(publish_one, cache_policy=NO_CACHE)
    results = []
    for target in targets:
        published = one(config, as_of, target, datetime.now(UTC), dry_run)
        if published["top"] and not published["hold"]:  # the artifact shows what readers see
            create_table_artifact(key=f"keepgrow-{target.replace('_', '-')}", table=published["top"][:TOP])
        results.append(published)
    return results
