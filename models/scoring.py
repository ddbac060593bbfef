"""Scores of one target at one as_of, ranked into a list with reasons: a draft, ready to be published."""

from __future__ import annotations

import hashlib
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.built import content_digest
from models.explain import apart, reasons_for
from models.manifest import FittedModel, check_features, check_target, check_time, load_model
from models.material import Material
from models.registry import Champion, Registry, model_name
from models.targets import COHORT, Target
from pipeline.drafts import Draft
from pipeline.errors import ModelError
from pipeline.likelihood import with_observed
from pipeline.lists import rank
from pipeline.settings import Play, Settings


def score_target(
    material: Material,
    target: Target,
    as_of: date,
    *,
    model: str | None = None,
    retrospective: bool = False,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Score the target's cohort at `as_of` with its champion, rank it and save the draft.

    `model` is the folder of a model to score with instead of the champion: one that a rehearsal trained and did not
    register. Returns target, as_of, counts, the model's name and version, and the draft's folder.

    Raises ModelError when there is no champion, or it was trained on other features or on later knowledge.
    """
    settings = material.settings
    draft = draft_target(material, target, as_of, model=model, retrospective=retrospective)
    made_from = draft.made_from
    return {
        "target": target.name,
        "as_of": str(as_of),
        "model": f"{made_from['model_name']} version {made_from['model_version']} ({made_from['recipe']})",
        "counts": made_from["counts"],
        "folder": str(draft.save(settings, rehearsal=dry_run)),
    }


def draft_target(
    material: Material, target: Target, as_of: date, *, model: str | None = None, retrospective: bool = False
) -> Draft:
    """Return the scored and ranked list of a target, saved nowhere; arguments and errors as `score_target` has them."""
    settings = material.settings
    if model is not None:
        name = model_name(target.name, settings.mlflow.prefix)
        number, fitted = "unregistered", load_model(Path(model))
    else:
        champion = _champion(settings, target)
        name, number = champion.name, str(champion.number)
        fitted = load_model(champion.folder, champion.digest, settings.training.threads)
    check_target(fitted.manifest, target)
    check_features(fitted.manifest, material.features)
    check_time(fitted.manifest, as_of, retrospective)
    return make_draft(material, target, fitted, as_of, name=name, number=number)


def make_draft(material: Material, target: Target, model: FittedModel, as_of: date, *, name: str, number: str) -> Draft:
    """Return the scored and ranked list of a target; accounts excluded at `as_of` are never scored."""
    settings, snapshot = material.settings, material.snapshot
    features, standing = material.features_at([as_of]), material.standing(target, as_of)
    excluded, display = snapshot.excluded(as_of), snapshot.display(as_of)
    scored, rows = score_frame(model, standing, features, set(excluded["account_id"]))
    play = settings.plays.get(target.name, Play(name=target.name))
    ranking = rank(scored, display, excluded, play, settings.lists)
    language = settings.lists.language
    listed = with_observed(ranking.rows, model.manifest["bands"], language)
    # Contributions are slow to compute: only for rows that reach the list.
    called = listed.loc[listed["section"] == "call", "account_id"]
    shown = material.with_facts(rows.loc[called], as_of)
    said = reasons_for(model, material.features, shown, settings.money.currency, language)
    texts = dict(zip(called, said, strict=True))
    ends = listed["account_id"].map(standing.set_index("account_id")["ends_on"])
    told = [
        texts[account] if section == "call" else apart(section, end, language)
        for account, section, end in zip(listed["account_id"], listed["section"], ends, strict=True)
    ]
    listed = listed.assign(reasons=pd.Series(told, index=listed.index, dtype=object))
    digests = [content_digest(frame) for frame in (features, standing, display, excluded, shown.reset_index())]
    return Draft(
        target.name,
        as_of,
        listed,
        ranking.scores,
        tuple(excluded["account_id"]),
        {
            "model_name": name,
            "model_version": number,
            "model_digest": model.digest,
            "recipe": model.manifest["recipe"],
            "feature_digest": hashlib.sha256("".join(digests).encode()).hexdigest(),
            "settings_digest": settings.digest(),
            "code_version": version("keepgrow"),
            "counts": ranking.counts,
            "currency": settings.money.currency,
            "retrospective": as_of < model.trained_until,
        },
    )


def score_frame(
    model: FittedModel, standing: pd.DataFrame, features: pd.DataFrame, excluded: set[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return every account's section, probability and value at stake, and the features of the scored ones by account.

    `standing` and `features` have one row per account seen. Outside the cohort the probability is NaN, never 0.
    """
    by_account = features.drop(columns="as_of").set_index("account_id")
    asked = (standing["section"] == COHORT) & ~standing["account_id"].isin(excluded)
    rows = by_account.loc[standing.loc[asked, "account_id"]]
    scored = standing[["account_id", "section", "value_at_stake"]].assign(probability=np.nan)
    if len(rows):
        base = standing.loc[asked, "base"].to_numpy()
        stake = standing.loc[asked, "value_at_stake"].to_numpy()
        scored.loc[asked, "probability"] = model.probability(rows)
        scored.loc[asked, "value_at_stake"] = model.value(rows, base, stake)
    return scored, rows


def _champion(settings: Settings, target: Target) -> Champion:
    champion = Registry(settings).champion(target.name)
    if champion is None:
        raise ModelError(f"target '{target.name}' has no champion yet. Train one with `keepgrow train`.")
    return champion
