"""Score the accounts at the as_of with the champion and rank them into a list, not yet published."""

from __future__ import annotations

from datetime import date
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.build_features import material_of
from flows.command import step
from models.scoring import score_target
from pipeline.errors import ModelError


def score_one(
    config: str, as_of: date, snapshot: str, target: str, model: str | None, retrospective: bool, dry_run: bool
) -> dict[str, Any]:
    """Score one target with its champion, or the model in the folder `model`; return counts and the list's folder.

    A model that cannot score is told under `error`, so that the other targets get their lists.
    """
    material = material_of(config, snapshot)
    try:
        scored = score_target(
            material, material.target(target), as_of, model=model, retrospective=retrospective, dry_run=dry_run
        )
    except ModelError as error:
        step(f"score    {target}: failed")
        return {"target": target, "error": str(error)}
    counts = scored["counts"]
    apart = {name: counts[name] for name in ("leaving", "too_new", "outside")} | {
        "excluded": sum(counts["excluded"].values())
    }
    step(
        f"score    {target}: {counts['scored']:,} scored; "
        + ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in apart.items() if number)
    )
    step(
        f"rank     {target}: {counts['listed']:,} listed, {counts['over_capacity']:,} over capacity, "
        f"{counts['not_worth_it']:,} not worth the play's cost"
    )
    if target not in material.settings.plays:
        step(f"rank     {target}: no [plays.{target}], so worth takes every call to succeed and to cost nothing")
    return scored


@flow(name="keepgrow-score", validate_parameters=False)
def score(
    config: str,
    as_of: date,
    snapshot: str,
    targets: dict[str, str | None],
    retrospective: bool = False,
    dry_run: bool = False,
) -> list[dict[str, Any]]:
    """Score the targets at `as_of` and rank them under each manager's capacity.

    `targets` gives each target the folder of a model that a rehearsal trained and did not register; None: its champion.
    """
    one = task(score_one, cache_policy=NO_CACHE)
    return [one(config, as_of, snapshot, target, model, retrospective, dry_run) for target, model in targets.items()]
