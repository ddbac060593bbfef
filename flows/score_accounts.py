"""Score the accounts at the as_of with the champion and rank them into a list, not yet published."""

from __future__ import annotations

from datetime import date
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.build_features import material_of
from flows.command import step
from flows.drift_lines import drift_lines
from models.material import Material
from models.scoring import score_targets


def score_all(
    config: str, as_of: date, snapshot: str, targets: dict[str, str | None], retrospective: bool, dry_run: bool
) -> list[dict[str, Any]]:
    """Score the targets with their champions, or the models in the folders given; return counts and lists' folders.

    A model that cannot score is told under `error`, so that the other targets get their lists.
    """
    material = material_of(config, snapshot)
    results = score_targets(material, targets, as_of, retrospective=retrospective, dry_run=dry_run)
    for scored in results:
        _tell(material, scored)
    return results


def _tell(material: Material, scored: dict[str, Any]) -> None:
    target = scored["target"]
    if "error" in scored:
        step(f"score    {target}: failed")
        return
    counts = scored["counts"]
    apart = {name: counts[name] for name in ("leaving", "too_new", "outside")} | {
        "excluded": sum(counts["excluded"].values())
    }
    others = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in apart.items() if number)
    step(f"score    {target}: {counts['scored']:,} scored" + (f"; {others}" if others else ""))
    step(
        f"rank     {target}: {counts['listed']:,} listed, {counts['over_capacity']:,} over capacity, "
        f"{counts['not_worth_it']:,} not worth the play's cost"
    )
    for line in drift_lines(scored):
        step(line)
    if target not in material.settings.plays:
        step(f"rank     {target}: no [plays.{target}], so worth takes every call to succeed and to cost nothing")


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
    return task(score_all, cache_policy=NO_CACHE)(config, as_of, snapshot, targets, retrospective, dry_run)
