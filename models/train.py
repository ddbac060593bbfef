"""Fits a recipe to a dataset: inner folds for rounds and calibration, then all usable dates, written as a manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from features.built import content_digest
from features.spec import Feature
from models.calibrate import Calibration, bands, fit_platt, identity
from models.choosing.candidates import SHARES, Candidate, Size, candidates_for
from models.choosing.choose import choose
from models.choosing.folds import FEWEST_FOLDS, Judging, judging
from models.choosing.members import Later, Members
from models.choosing.tuning import Tuned, tune
from models.dataset import Dataset
from models.encoding import encode
from models.increment import fit_increment
from models.manifest import FittedModel
from models.monotone import directions
from models.recalibrate import level_by_fold, level_shift
from models.recipes import RECIPES, recency_feature
from models.rows import Encoded
from models.scorer import FORMAT
from models.small.recipe import RULE, fit_small, small_of
from models.targets import Target
from models.thinning import thinned
from pipeline.errors import ModelError, TrainingRefused, nearest
from pipeline.settings import Settings

Floats = NDArray[np.float64]

FEWEST_LATER = 50
"""Rows of either class on later dates without which calibration is not fitted."""


def fit(data: Dataset, target: Target, features: Sequence[Feature], settings: Settings, until: date) -> FittedModel:
    """Return the champion's recipe fitted to all of `data`, whose labels were closed and known by `until`."""
    return fit_recipe("model", data, target, features, settings, until)


def fit_recipe(
    name: str, data: Dataset, target: Target, features: Sequence[Feature], settings: Settings, until: date
) -> FittedModel:
    """Return one of RECIPES fitted to all of `data`; see `fit_recipes`."""
    return fit_recipes((name,), data, target, features, settings, until)[name]


def fit_recipes(
    names: Sequence[str],
    data: Dataset,
    target: Target,
    features: Sequence[Feature],
    settings: Settings,
    until: date,
    tuned: Tuned | None = None,
    *,
    small: bool | None = None,
    with_bands: bool = True,
) -> dict[str, FittedModel]:
    """Return some of RECIPES, each fitted to all of `data`; members that recipes share are trained once.

    What 'model' is made of, its number of rounds and the calibration come from inner folds in time; with too few of
    them other accounts tell the first two, probabilities are left as they are but for the level of a mixture that
    learnt another label beside the target's, and the manifest says so. `tuned` are
    settings of trees found earlier; without them `[training] tune_trials` are tried. Equal inputs give equal bytes,
    unless `[training] tune_seconds` cut the trials short.

    A small book (`[training] small_accounts`) gets the small model and the rule of `models.small.recipe`. `small` says
    whether it is one where that was decided already, so that a model is made in the way it was judged; None: by `data`.
    Without `with_bands` those of a small book, whose fits outweigh all others, are left empty.

    Raises TrainingRefused when there is too little to learn from (for the rule alone: nothing), and ModelError when a
    feature holds infinities, or the columns are not `features` in their order.
    """
    for name in names:
        if name not in RECIPES:
            raise ModelError(f"no such recipe: {name!r}; {nearest(name, RECIPES)}")
    (check_rankable if set(names) == {RULE} else check_learnable)(data, target, settings)
    described, rows = encode(data, features)
    recency = recency_feature(features, target, rows, needed="recency" in names)
    inner = judging(data, rows, target.window, settings.run.seed)
    asked = settings.training
    monotone = directions(rows.names, target) if asked.monotone else ()
    members = Members(rows, [fold.rows for fold in inner.folds], asked.threads, settings.run.seed, recency, monotone)
    shared: dict[str, Any] = {
        "format": FORMAT,
        "target": target.plain(),
        "features": described,
        "increment": None,
        "trained_until": until.isoformat(),
        "as_ofs": [day.isoformat() for day in data.dates],
        "counts": data.counts,
        "data_digest": _data_digest(data),
        "settings_digest": settings.digest(),
        "code_version": version("keepgrow"),
    }
    if data.sampled is not None:
        shared["sampled"] = data.sampled.plain()
    beside: dict[str, bytes] = {}
    if target.grows:
        beside["increment.json"], shared["increment"] = _increment(data, rows)
    few = small_of(data, rows, target, settings, small)
    fitted = {}
    for name in names:
        if few is not None and name in ("model", RULE):
            own, files = fit_small(few, recency if name == RULE else None, with_bands)
            fitted[name] = FittedModel.of(shared | own, files | beside, settings.training.threads)
            continue
        candidate, chosen = RECIPES[name], None
        if candidate is None:
            candidate, chosen, members = _choose(data, members, inner, target, settings, tuned)
        own, files = _fit(name, candidate, members, inner, data, level=asked.recalibrate == "cohort")
        fitted[name] = FittedModel.of(shared | own | {"chosen": chosen}, files | beside, settings.training.threads)
    return fitted


def _choose(
    data: Dataset, members: Members, inner: Judging, target: Target, settings: Settings, tuned: Tuned | None
) -> tuple[Candidate, dict[str, Any], Members]:
    """Return what was chosen of what a book of this size is offered, the manifest's word on it, and its members."""
    rows, accounts = members.rows, data.rows["account_id"].to_numpy()
    waited = all(members.can_learn(share) for share in SHARES)
    size = Size.of(rows.label, accounts, len(rows.names), waited=waited)
    offered = candidates_for(size, target, settings)
    offered = [each for each in offered if members.recency is not None or not each.looks_at_recency]
    if tuned is None and settings.training.tune_trials and inner.folds and any(each.boosted for each in offered):
        tuned = tune(members, inner, settings.training, settings.run.seed)
    if tuned is not None:
        members = members.tuned(tuned.settings)
    choice = choose(members, offered, inner)
    return choice.candidate, choice.plain(tuned), members


def _fit(
    name: str, candidate: Candidate, members: Members, inner: Judging, data: Dataset, *, level: bool
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return what a recipe adds to the manifest, and its members' files."""
    later = members.later(candidate) if inner.later else Later.none(inner.in_time)
    calibration = _calibration(later)
    if calibration.kind == "identity" and candidate.shares and inner.folds:
        # More stay silent for a share of the window than for all of it.
        beside = members.later(candidate)
        rate = float(np.average(beside.label, weights=beside.weight))
        shift = level_shift(beside.margin, rate, beside.weight)
        note = f"{calibration.note}; moved by {shift:.3f} to the rate of the rows chosen on"
        calibration = replace(calibration, intercept=shift, note=note)
    listed, files = members.files(candidate)
    seen = np.empty(0)
    if calibration.kind != "identity":
        seen = calibration.probability(later.margin)
        if level:
            seen = level_by_fold(logit(seen), members.folds)
    own = {
        "recipe": name,
        "members": listed,
        "calibration": {
            "kind": calibration.kind,
            "slope": calibration.slope,
            "intercept": calibration.intercept,
            "rows": calibration.rows,
            "folds": later.folds,
            "note": calibration.note,
        },
        "bands": _bands(seen, later, inner, data) if len(seen) else [],
        "recency": members.recency if candidate.looks_at_recency else None,
    }
    return own, files


def _bands(seen: Floats, later: Later, inner: Judging, data: Dataset) -> list[dict[str, float | int]]:
    accounts = np.concatenate([fold.accounts for fold in inner.folds])
    return bands(seen, later.label, None if data.sampled is None else data.sampled.weights, accounts)


def check_rankable(data: Dataset, target: Target, settings: Settings) -> None:
    """Check that both labels occur, without which not even a rule has a rate to tell; raise TrainingRefused."""
    _check(data, target, settings, 1)


def check_learnable(data: Dataset, target: Target, settings: Settings) -> None:
    """Check that both classes are frequent enough to learn from and to judge a model by.

    Raises TrainingRefused saying how many rows of each there are, on which dates, and what would help; and where there
    are enough but too few of either were drawn, how many were.
    """
    _check(data, target, settings, settings.training.min_positives)


def _check(data: Dataset, target: Target, settings: Settings, needed: int) -> None:
    counts = data.counts
    rows, positives = counts["rows"], counts["positives"]
    negatives = rows - positives
    if min(positives, negatives) >= needed:
        _check_drawn(data, target, needed)
        return
    dates = data.dates
    span = "no as_of date" if not dates else f"{len(dates)} as_of dates from {dates[0]} to {dates[-1]}"
    if len(dates) == 1:
        span = f"one as_of date, {dates[0]}"
    counted = f"{positives:,} of them with label 1 ({_meaning(target)}) and {negatives:,} without"
    found = f"{rows:,} rows on {span}, {counted}"
    if positives == 0:
        fault, help_ = "there is nothing to learn from: no row has label 1", "a longer horizon, or a wider definition,"
    elif negatives == 0:
        fault, help_ = "there is nothing to tell apart: every row has label 1", "a shorter horizon, or a narrower one,"
    else:
        rare = int(positives < negatives)
        few, accounts = min(positives, negatives), data.rows.loc[data.rows["label"] == rare, "account_id"].nunique()
        fault = (
            f"{few} rows, of {accounts} accounts, have label {rare}; at least {needed} are needed to judge a model by"
        )
        help_ = "more training dates ([training] every_days, first_as_of), or another horizon"
    raise TrainingRefused(
        f"target '{target.name}': {fault}. Found {found}. What would help: more history or more accounts, {help_} in "
        f"[targets.{target.name}]. [training] min_positives is {settings.training.min_positives}.",
        {"rows": rows, "positives": positives, "needed": needed},
    )


def _check_drawn(data: Dataset, target: Target, needed: int) -> None:
    if data.sampled is None or min(data.sampled.drawn) >= needed:
        return
    others, positives = data.sampled.drawn
    raise TrainingRefused(
        f"target '{target.name}': only {others + positives:,} of {sum(data.sampled.rows):,} rows can be drawn to learn "
        f"from, {positives:,} with label 1 and {others:,} without, but [training] min_positives asks for {needed} of "
        "either: raise [training] max_rows or [run] memory_gb.",
        {"rows": others + positives, "positives": positives, "needed": needed},
    )


def _meaning(target: Target) -> str:
    return target.words["label"]


def _calibration(later: Later) -> Calibration:
    if later.folds < FEWEST_FOLDS:
        return identity(f"{later.folds} inner folds in time; {FEWEST_FOLDS} are needed to calibrate on later dates")
    positives = int(later.label.sum())
    if min(positives, len(later.label) - positives) < FEWEST_LATER:
        return identity(
            f"{positives} of {len(later.label)} later rows have label 1; {FEWEST_LATER} of either are needed"
        )
    return fit_platt(later.margin, later.label, later.weight)


def _increment(data: Dataset, rows: Encoded) -> tuple[bytes, Mapping[str, Any]]:
    grew = np.flatnonzero(rows.label == 1)
    if data.sampled is not None:
        grew = thinned(grew)
    picked = np.zeros(len(rows.label), dtype=bool)
    picked[grew] = True
    base, realised = (data.rows[name].to_numpy()[grew] for name in ("base", "realised"))
    fitted = fit_increment(rows.take(picked).matrix, base, realised, rows.names, rows.categories)
    return fitted, {"file": "increment.json", "rows": len(grew)}


def _data_digest(data: Dataset) -> str:
    # Each frame by itself: an attribute that became a feature may be called like a column of the rows.
    parts = content_digest(data.rows) + content_digest(data.features)
    if data.sampled is not None:
        parts += json.dumps(data.sampled.plain(), sort_keys=True)
    return hashlib.sha256(parts.encode()).hexdigest()
