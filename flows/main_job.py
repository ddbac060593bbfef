"""The main job, every morning: build, train where due, score, publish, report."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.alone import run_lock
from flows.build_features import build
from flows.command import step
from flows.outermost import outermost
from flows.publish_lists import publish
from flows.reporting import write_report
from flows.score_accounts import score
from flows.train_models import train
from pipeline.errors import ModelError, TrainingRefused
from pipeline.exports import check_writable, configured_sinks
from pipeline.housekeeping import tidy
from pipeline.store import Store, store_url


@flow(name="keepgrow-run", validate_parameters=False)
def run(
    config: str,
    as_of: date | str | None = None,
    targets: list[str] | None = None,
    retrain: bool = False,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Do the whole job for one day; done again for the same day it changes nothing.

    Without `as_of` the day is `[run] as_of`, else today. A target that cannot be trained or scored is left out and told
    under `refused` or `failed`; raises TrainingRefused or ModelError when none is left. The page that tells of the run
    is named under `report`; None where it could not be written.
    """
    with outermost(config, as_of) as (settings, day):
        sinks = configured_sinks(settings)  # a wrong sink is said before the work, not after it
        now = datetime.now(UTC)
        with run_lock(settings, now):
            tidy(settings.state_folder, now)
            with Store(store_url(settings)) as store:
                for obstacle in check_writable(sinks, store):
                    step(f"warning  {obstacle}")
            return _run(config, day, targets, retrain, dry_run)


def _run(config: str, as_of: date, targets: list[str] | None, retrain: bool, dry_run: bool) -> dict[str, Any]:
    built = build(config, as_of)
    asked = targets or built["targets"]
    trained = train(config, as_of, built["snapshot"], asked, force=retrain, dry_run=dry_run)
    usable = {result["target"]: result["folder"] for result in trained if result["outcome"] not in UNUSABLE}
    scored = score(config, as_of, built["snapshot"], usable, dry_run=dry_run) if usable else []
    listed = [result["target"] for result in scored if "error" not in result]
    published = publish(config, as_of, listed, dry_run=dry_run) if listed else []
    failed = [result["reason"] for result in trained if result["outcome"] == "failed"]
    failed += [result["error"] for result in scored if "error" in result]
    refused = [result["reason"] for result in trained if result["outcome"] == "refused"]
    result = {
        "built": built,
        "trained": trained,
        "scored": scored,
        "published": published,
        "failed": failed,
        "refused": refused,
    }
    told = task(write_report, name="report", cache_policy=NO_CACHE)
    result["report"] = told(config, as_of, result, datetime.now(UTC), dry_run)
    if not listed:
        raise (ModelError if failed else TrainingRefused)("; ".join(failed + refused))
    return result


UNUSABLE = ("refused", "failed")
"""Outcomes of a training that leave a target without a model to score with."""
