"""The main job, every morning: build, train where due, score, publish."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from prefect import flow

from flows.alone import run_lock
from flows.build_features import build
from flows.publish_lists import publish
from flows.score_accounts import score
from flows.train_models import train
from pipeline.errors import TrainingRefused
from pipeline.publishing import configured_sinks
from pipeline.settings import read_settings


@flow(name="keepgrow-run", validate_parameters=False)
def run(
    config: str, as_of: date, targets: list[str] | None = None, retrain: bool = False, dry_run: bool = False
) -> dict[str, Any]:
    """Do the whole job for one day; done again for the same day it changes nothing.

    A target that cannot be trained is left out and said so; raises TrainingRefused when none is left.
    """
    settings = read_settings(config)
    configured_sinks(settings)  # a wrong sink is said before the work, not after it
    with run_lock(settings, datetime.now(UTC)):
        return _run(config, as_of, targets, retrain, dry_run)


def _run(config: str, as_of: date, targets: list[str] | None, retrain: bool, dry_run: bool) -> dict[str, Any]:
    built = build(config, as_of)
    asked = targets or built["targets"]
    trained = train(config, as_of, built["snapshot"], asked, force=retrain, dry_run=dry_run)
    usable = {result["target"]: result["folder"] for result in trained if result["outcome"] != "refused"}
    if not usable:
        raise TrainingRefused("; ".join(result["reason"] for result in trained))
    scored = score(config, as_of, built["snapshot"], usable, dry_run=dry_run)
    published = publish(config, as_of, list(usable), dry_run=dry_run)
    return {"built": built, "trained": trained, "scored": scored, "published": published}
