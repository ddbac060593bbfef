"""Why a score changed between two runs: the source said something else, time passed, new facts came, another model.

The parts telescope. With p(model, rows) the probability that a model gives on rows of today's tables,

    rewritten     p(old model, seen at the old as_of) - the old score, and the new score - p(new model, seen at the new)
    passing_time  p(old model, the new as_of with nothing known later than the old) - p(old model, the old as_of)
    new_facts     p(old model, the new as_of with all that was known by it) - the one before
    new_model     p(new model, the same rows) - the one before

so they add up to the change, account by account.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from features.engine import build_features
from models.manifest import FittedModel, differences, load_model
from models.material import Material
from models.registry import Registry
from models.targets import Target
from pipeline.asof import LATEST
from pipeline.errors import ModelError, StoreError
from pipeline.history import History
from pipeline.store import Run, Store, store_url

PARTS = ("rewritten", "passing_time", "new_facts", "new_model")
COLUMNS = ("account_id", "before", *PARTS, "after")


@dataclass(frozen=True)
class Steps:
    """What lies between two runs: two models, and three frames of features by account_id, one per step."""

    old: FittedModel
    new: FittedModel
    past: pd.DataFrame
    """Seen at the old as_of, as today's tables tell it."""
    later: pd.DataFrame
    """At the new as_of, with nothing known later than the old one."""
    now: pd.DataFrame
    """Seen at the new as_of."""


@dataclass(frozen=True)
class ScoreChange:
    """Two runs of a target compared, account by account."""

    parts: pd.DataFrame
    """COLUMNS, one row per account scored in either run, by account_id. Probabilities; `before` and the parts are NaN
    for an account not scored before, `after` and the parts for one no longer scored. Where the change cannot be taken
    apart, all parts are NaN."""
    said: str | None
    """Why it cannot be taken apart; None where it is."""
    steps: Steps | None


def score_change(
    material: Material, target: Target, before: Run, after: Run, accounts: Collection[str] | None = None
) -> ScoreChange:
    """Take the change of each account's score from one run to a later one apart; `accounts`: only of these.

    `material` is of today's tables. Excluded accounts never appear. An account that today's tables do not know at a
    step has all its change in `rewritten`. Nothing is raised for an old model that cannot be had any more, or a
    target that asks another question now: `said` tells.
    """
    excluded = barred(material, after.as_of)
    ends = _ends(material, before, after, accounts)
    ends = ends[~ends.index.isin(excluded)]
    both = [str(account) for account in ends.index[ends.notna().all(axis=1)]]
    try:
        steps = _steps(material, target, before, after, both, whole=accounts is None)
    except (ModelError, StoreError) as error:
        return ScoreChange(_framed(ends, ends.reindex(columns=list(PARTS))), str(error), None)
    return ScoreChange(_framed(ends, _parts(ends.loc[both], steps)), None, steps)


def in_points(before: float, parts: Sequence[float], after: float, digits: int = 1) -> list[float]:
    """Return the parts in percentage points, rounded so that they add up to the rounded `after` - rounded `before`.

    By largest remainders; a part of exactly 0 stays 0.

    >>> in_points(0.1, [0.00449, 0.00449, 0.0, 0.00102], 0.11)
    [0.5, 0.4, 0.0, 0.1]
    """
    unit = 100 * 10**digits
    scaled = [part * unit for part in parts]
    units = [math.floor(value) for value in scaled]
    missing = _rounded(after * unit) - _rounded(before * unit) - sum(units)
    free = [position for position, value in enumerate(scaled) if value != 0]
    order = sorted(free, key=lambda position: (units[position] - scaled[position], position))
    while missing and order:
        for position in order if missing > 0 else order[::-1]:
            if missing:
                step = 1 if missing > 0 else -1
                units[position] += step
                missing -= step
    return [whole / 10**digits for whole in units]


def moved_features(steps: Steps, account: str) -> dict[str, list[dict[str, Any]]]:
    """Return which of an account's features moved as time passed and with new facts, the weightiest first.

    Each has feature, before and after (numbers or texts, None for unknown) and contribution: by how much its share of
    the old model's log-odds moved. Both lists are empty for an account that a step does not know.
    """
    frames = (steps.past, steps.later, steps.now)
    if any(account not in frame.index for frame in frames):
        return {"passing_time": [], "new_facts": []}
    rows = pd.concat([frame.loc[[account]] for frame in frames], ignore_index=True)[steps.old.scorer.features]
    shares = steps.old.scorer.contributions(steps.old.encode(rows))
    return {
        "passing_time": _moved(rows, shares, 0, 1),
        "new_facts": _moved(rows, shares, 1, 2),
    }


def _rounded(value: float) -> int:
    return math.floor(value + 0.5)


def barred(material: Material, as_of: date) -> set[str]:
    """Return the accounts that are excluded on that day, or for good: nothing is told of them."""
    return {
        *material.snapshot.excluded(as_of)["account_id"],
        *material.snapshot.excluded(LATEST)["account_id"],
    }


def _ends(material: Material, before: Run, after: Run, accounts: Collection[str] | None) -> pd.DataFrame:
    """Return the scores of both runs by account, NaN where an account was not scored; `accounts`: only of these."""
    with Store(store_url(material.settings)) as store:
        found = [store.scores(run.run_id, accounts).set_index("account_id") for run in (before, after)]
    scores = [each["probability"].dropna() for each in found]
    return pd.concat(scores, axis=1, keys=["before", "after"]).sort_index()


def _steps(material: Material, target: Target, before: Run, after: Run, accounts: list[str], *, whole: bool) -> Steps:
    """Return models and features; raise ModelError or StoreError where they cannot be had."""
    if before.as_of > after.as_of:
        raise ModelError(f"run {before.run_id} is of a later as_of than run {after.run_id}: name the earlier one first")
    if before.currency != after.currency:
        raise ModelError(f"run {before.run_id} is in {before.currency}, run {after.run_id} in {after.currency}")
    old = _model(material, target, before)
    new = old if after.model_digest == before.model_digest else _model(material, target, after)
    # A few accounts' rows are read alone; for all of them a bucket is opened at a time.
    histories = material.histories() if whole else [material.snapshot.history_of(accounts)]
    parts: list[list[pd.DataFrame]] = [[], [], []]
    for history in histories:
        built = (
            _features(material, history, before.as_of, peers=before.as_of),
            # What the peers did meanwhile is a new fact, so as time passes they stay as they were.
            _features(material, history.as_known(before.as_of), after.as_of, peers=before.as_of),
            _features(material, history, after.as_of, peers=after.as_of),
        )
        for kept, frame in zip(parts, built, strict=True):
            kept.append(frame[frame.index.isin(accounts)])
    past, later, now = (pd.concat(each).sort_index() for each in parts)
    return Steps(old, new, past, later, now)


def _features(material: Material, history: History, as_of: date, peers: date) -> pd.DataFrame:
    references = material.references.at([peers])
    standing_in = {as_of: references[peers]} if references else {}
    built = build_features(history, [as_of], material.features, standing_in)
    return built.drop(columns="as_of").set_index("account_id")


def _model(material: Material, target: Target, run: Run) -> FittedModel:
    champion = Registry(material.settings).version(target.name, run.model_digest)
    model = load_model(champion.folder, champion.digest, material.settings.training.threads)
    named = f"{run.model_name} version {run.model_version}, which scored run {run.run_id},"
    differing = differences(model.manifest, target)
    if differing:
        raise ModelError(f"{named} answers another question than [targets.{target.name}] asks: {', '.join(differing)}")
    known = {feature.name for feature in material.features}
    lacking = [name for name in model.scorer.features if name not in known]
    if lacking:
        raise ModelError(
            f"{named} needs {len(lacking)} features that today's tables and catalogue do not give, such as "
            f"'{lacking[0]}'"
        )
    return model


def _parts(ends: pd.DataFrame, steps: Steps) -> pd.DataFrame:
    """Return PARTS of the accounts scored in both runs."""
    scored = pd.DataFrame(
        {
            "past": _scores(steps.old, steps.past),
            "later": _scores(steps.old, steps.later),
            "now": _scores(steps.old, steps.now),
            "new": _scores(steps.new, steps.now),
        }
    ).reindex(ends.index)
    # Where a step does not know the account nothing moves there: the source was rewritten, and gets all of it.
    filled = scored.bfill(axis=1).ffill(axis=1).apply(lambda step: step.fillna(ends["before"]))
    return pd.DataFrame(
        {
            "rewritten": (filled["past"] - ends["before"]) + (ends["after"] - filled["new"]),
            "passing_time": filled["later"] - filled["past"],
            "new_facts": filled["now"] - filled["later"],
            "new_model": filled["new"] - filled["now"],
        }
    )


def _scores(model: FittedModel, features: pd.DataFrame) -> pd.Series[float]:
    # A model of an earlier catalogue may know fewer features than there are now.
    scores = model.probability(features[model.scorer.features]) if len(features) else np.empty(0)
    return pd.Series(scores, index=features.index, dtype="float64")


def _framed(ends: pd.DataFrame, parts: pd.DataFrame) -> pd.DataFrame:
    frame = ends.join(parts).rename_axis("account_id").reset_index()
    return frame.astype({"account_id": object, **dict.fromkeys(COLUMNS[1:], "float64")})[list(COLUMNS)]


def _moved(rows: pd.DataFrame, shares: np.ndarray, first: int, second: int) -> list[dict[str, Any]]:
    found = []
    for position, name in enumerate(rows.columns):
        before, after = _plain(rows.iat[first, position]), _plain(rows.iat[second, position])
        if before != after:
            share = float(shares[second, position] - shares[first, position])
            found.append({"feature": name, "before": before, "after": after, "contribution": share})
    return sorted(found, key=lambda each: (-abs(each["contribution"]), each["feature"]))


def _plain(value: Any) -> float | str | None:
    if value is None or isinstance(value, str):
        return value
    return None if pd.isna(value) else float(value)
