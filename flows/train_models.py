"""Train, evaluate and promote: one model per target, where there is none or it is due."""

from __future__ import annotations

from datetime import date
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.build_features import material_of
from flows.command import step
from models.training import train_target
from pipeline.errors import ModelError


def train_one(config: str, as_of: date, snapshot: str, target: str, force: bool, dry_run: bool) -> dict[str, Any]:
    """Train one target if it is due; return what came of it, a refusal or a failure included."""
    material = material_of(config, snapshot)
    try:
        trained = train_target(material, material.target(target), as_of, force=force, dry_run=dry_run)
    except ModelError as damage:
        step(f"train    {target}: failed")
        return {"target": target, "outcome": "failed", "reason": str(damage), "folder": None}
    if "sampled" in trained:
        step(f"train    {target}: {trained['sampled']['words']}")
    # Why one was refused is said at the end of the command, where it is not overlooked.
    step(
        f"train    {target}: "
        + ("refused" if trained["outcome"] == "refused" else f"{trained['outcome']}. {trained['reason']}")
    )
    for warning in trained.get("warnings", ()):
        step(f"warning  {warning}")
    return trained


@flow(name="keepgrow-train", validate_parameters=False)
def train(
    config: str, as_of: date, snapshot: str, targets: list[str], force: bool = True, dry_run: bool = False
) -> list[dict[str, Any]]:
    """Train the targets at `as_of`, on label windows closed by then; `force` also where no training is due."""
    one = task(train_one, cache_policy=NO_CACHE)
    return [one(config, as_of, snapshot, target, force, dry_run) for target in targets]
