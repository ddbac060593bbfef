"""What changed in an account's score from one list to another, and which of its features moved."""

from __future__ import annotations

from typing import Any

from models.account.subject import Account, plain
from models.attribution import PARTS, in_points, moved_features, score_change
from models.targets import Target
from pipeline.store import Run, Store


def change_between(account: Account, target: Target, store: Store, since: Run | None) -> dict[str, Any] | None:
    """Return what changed from the list before to the published one, or since the run `since`; None for a first list.

    since, until (runs), before, after (probabilities), parts (in probability), points (the parts in percentage points,
    rounded to add up), moved (features by cause) and said: why there are no parts, or None.
    """
    after = store.published(target.name)
    if after is None or (since is None and after.previous_run is None):
        return None
    before = since if since is not None else store.run(str(after.previous_run))
    change = score_change(account.material, target, before, after, [account.account_id])
    row = change.parts.iloc[0] if len(change.parts) else None
    told: dict[str, Any] = {
        "since": _run(before),
        "until": _run(after),
        "before": None if row is None else plain(row["before"]),
        "after": None if row is None else plain(row["after"]),
        "parts": None,
        "points": None,
        "moved": None,
        "said": change.said,
    }
    if told["before"] is None or told["after"] is None:
        which = [str(run.as_of) for run, key in ((before, "before"), (after, "after")) if told[key] is None]
        return told | {"said": f"it was not scored on {' and '.join(which)}, so nothing is compared"}
    if row is None or change.steps is None:
        return told
    parts = [float(row[part]) for part in PARTS]
    points = in_points(told["before"], parts, told["after"])
    moved = moved_features(change.steps, account.account_id)
    return told | {
        "parts": dict(zip(PARTS, parts, strict=True)),
        "points": dict(zip(PARTS, points, strict=True)),
        "moved": {cause: _read(account, features) for cause, features in moved.items()},
    }


def _read(account: Account, moved: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the features that moved with their figures as people read them."""
    known = {feature.name: feature for feature in account.material.features}
    return [
        each | {f"shown_{when}": account.figure(known[each["feature"]], each[when]) for when in ("before", "after")}
        for each in moved
    ]


def _run(run: Run) -> dict[str, Any]:
    return {"run": run.run_id, "as_of": str(run.as_of), "model": f"{run.model_name} version {run.model_version}"}
