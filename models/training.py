"""Training one target: due or not, learn, evaluate, record, promote."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from scipy.special import expit

from models.backtest import CHAMPION, CONTENDERS, Backtest, backtest
from models.bootstrap import Interval
from models.dataset import Dataset
from models.drift import make_reference, with_reference
from models.drift.weekdays import other_weekdays
from models.hazard.fitting import with_horizons
from models.leaks import check_leaks
from models.manifest import FittedModel, differences, load_model
from models.material import Material
from models.notes import refusal_notes, training_notes
from models.promote import RULE, Decision, decide, refuse, too_few
from models.recalibrate import recalibrated
from models.recording import labels, record_of
from models.registry import Champion, Registry
from models.small.design import small_book
from models.small.size import is_small
from models.split import training_dates
from models.targets import Target
from models.train import check_learnable, check_rankable, fit_recipes
from pipeline.errors import LeakSuspected, ModelError, TrainingRefused

RECIPE = CONTENDERS[0]

log = logging.getLogger("keepgrow")


def train_target(
    material: Material, target: Target, as_of: date, *, force: bool = False, dry_run: bool = False
) -> dict[str, Any]:
    """Train the target on label windows closed by `as_of`, unless it has a champion that is not due.

    Returns target, outcome, reason and folder: where the model to score with lies when it was not registered (a dry
    run), else None. The outcome is "not due", "promoted", "rule" (the recency rule serves), "kept" (the champion serves
    on; a refusal too), or "refused" (nothing to learn from, and no champion). After a training, even
    a refused one, its notes are there too (see `models.notes`), with the target's keys under `target_keys`.
    """
    registry = Registry(material.settings)
    champion = _serving(registry, target, force)
    until = material.data_until(target, as_of)
    kept = None if champion is None else _why_kept(champion, material, target, as_of, until, force)
    if kept is not None:
        return {"target": target.name, "outcome": "not due", "reason": kept, "folder": None}
    unfit = None if champion is None else _why_unfit(champion, material, target)
    if unfit is not None:
        champion = None  # nothing to compare with, and nothing that could go on serving
    try:
        data = training_data(material, target, until)
        thin = _thin(data, target, material, champion)
        leaks = None if thin else check_leaks(data, target, material.features, material.settings)
        evaluated = None if thin else _evaluate(material, target, until, champion)
        small = small_book(data, material.settings, evaluated, thin)
        decision = too_few(thin, small) if thin and small else _decide(champion, evaluated, small)
        further = other_weekdays(material, target, data.dates, until)
        fit = partial(
            _fit, material=material, target=target, data=data, until=until, evaluated=evaluated, further=further,
            small=small is not None,
        )  # fmt: skip
        fitted = None if thin else fit(RECIPE)
        serving = fit(RULE) if fitted is None or decision.serve == "rule" else fitted
    except TrainingRefused as refusal:
        return _refused(registry, material, target, until, refusal, champion, dry_run)
    if unfit is not None:
        decision = replace(decision, reason=f"{unfit} {decision.reason}")
    told = {} if leaks is None else {"leaks": leaks.plain()}
    notes = training_notes(material, target, data, serving, evaluated, decision, small) | told
    outcome = {"challenger": "promoted", "champion": "kept", "rule": "rule"}[decision.serve]
    result = _told(target, outcome, notes) | {name: data.counts[name] for name in ("rows", "positives")}
    if dry_run:
        return result | {"folder": None if decision.serve == "champion" else str(_rehearsed(material, target, serving))}
    if serving is not fitted:
        _log(registry, material, target, serving, evaluated, notes, replace(decision, promote=True))
    if fitted is not None:
        if serving is not fitted:
            notes = training_notes(material, target, data, fitted, evaluated, decision, small) | told
        _log(registry, material, target, fitted, evaluated, notes, decision)
    return result


def _thin(data: Dataset, target: Target, material: Material, champion: Champion | None) -> str | None:
    """Return why no model can be fitted to a small book although a rule can rank it, None when one can.

    Raises TrainingRefused where a model serves already, which no rule replaces, and of a larger book.
    """
    try:
        check_learnable(data, target, material.settings)
    except TrainingRefused as refusal:
        by_model = champion is not None and champion.manifest["recipe"] != RULE
        if by_model or not is_small(data, material.settings):
            raise
        return str(refusal)
    return None


def _serving(registry: Registry, target: Target, force: bool) -> Champion | None:
    """Return the champion; where training is asked for anyway, a damaged one counts as none."""
    try:
        return registry.champion(target.name)
    except ModelError as damage:
        if not force:
            raise
        log.warning("the champion of %s is left aside: %s", target.name, damage)
        return None


def _why_kept(
    champion: Champion, material: Material, target: Target, as_of: date, until: date, force: bool
) -> str | None:
    """Return why nothing is trained, or None when it is due."""
    trained = _trained_until(champion)
    if until < trained:
        return f"{_described(champion)} knows more than a training at {as_of} could, and is not replaced"
    if force or _why_unfit(champion, material, target):
        return None
    due = trained + timedelta(days=material.settings.training.retrain_days)
    if as_of < due:
        return f"{_described(champion)} serves; the next training is due on {due}"
    if trained == until and champion.manifest["settings_digest"] == material.settings.digest():
        return f"{_described(champion)} serves; nothing later than its training is known yet"
    return None


def _why_unfit(champion: Champion, material: Material, target: Target) -> str | None:
    """Return why a champion can no longer score: the target asks another question, or the features are others now."""
    if differences(champion.manifest, target):
        return f"{_described(champion)} answers another question than the config asks now."
    features = [feature.name for feature in material.features]
    if [feature["name"] for feature in champion.manifest["features"]] != features:
        return f"{_described(champion)} was trained on other features than there are now, and cannot score with these."
    return None


def _log(
    registry: Registry,
    material: Material,
    target: Target,
    model: FittedModel,
    evaluated: Backtest | None,
    notes: dict[str, Any],
    decision: Decision,
) -> None:
    record = record_of(material, target, model, evaluated, notes)
    registry.settle(registry.log_training(target.name, _saved(material, target, model), record), decision)


def _refused(
    registry: Registry,
    material: Material,
    target: Target,
    until: date,
    refusal: TrainingRefused,
    champion: Champion | None,
    dry_run: bool,
) -> dict[str, Any]:
    """Record a refusal and return it as a result; a champion goes on serving."""
    decision = refuse(refusal, None if champion is None else _described(champion))
    notes = refusal_notes(material, target, decision, until)
    if isinstance(refusal, LeakSuspected):
        notes["leaks"] = {"suspects": refusal.suspects}
    if not dry_run:
        registry.log_refusal(target.name, decision, notes, labels(material, target, None, str(until)))
    return _told(target, "refused" if champion is None else "kept", notes)


def _told(target: Target, outcome: str, notes: dict[str, Any]) -> dict[str, Any]:
    """Return a training's notes as a result, in which `target` is the name alone."""
    named = {"target": target.name, "outcome": outcome, "reason": notes["decision"]["reason"], "folder": None}
    return {**notes, "target_keys": notes["target"], **named}


def training_data(material: Material, target: Target, until: date) -> Dataset:
    """Return the rows to learn from with what was known by `until`.

    Raises TrainingRefused when no as_of date is usable, the cohort is empty, or either label does not occur.
    """
    dates = training_dates(
        material.settings.training, target.window, material.first_day(target), until, target.lookback
    )
    data = material.dataset(target, dates, known_by=until)
    check_rankable(data, target, material.settings)
    return data


def _evaluate(material: Material, target: Target, until: date, champion: Champion | None) -> Backtest | None:
    """Return the backtest of what was known by `until`; None when the history is too short for one."""
    asked = material.settings.evaluate
    closed = tuple(fold for fold in asked.folds if target.window.closed_by(fold, until))
    # The final fold is for `keepgrow backtest` alone: what promotes a model must not look at it.
    known = material.settings.model_copy(update={"evaluate": asked.model_copy(update={"folds": closed, "final": None})})
    serving = None if champion is None else load_model(champion.folder, champion.digest)
    try:
        return backtest(replace(material, settings=known), target, until, champion=serving, leaks=False)
    except TrainingRefused:
        return None


def _decide(champion: Champion | None, evaluated: Backtest | None, small: Mapping[str, Any] | None) -> Decision:
    recipe = None if champion is None else str(champion.manifest["recipe"])
    if evaluated is None:
        return decide(recipe, RECIPE, Interval(None, None, None), small=small)
    against = CHAMPION if recipe == RECIPE else recipe
    difference = None if against is None else evaluated.difference(RECIPE, against)
    return decide(recipe, RECIPE, evaluated.auc(RECIPE), difference, small=small)


def _fit(
    recipe: str,
    *,
    material: Material,
    target: Target,
    data: Dataset,
    until: date,
    evaluated: Backtest | None,
    further: pd.DataFrame,
    small: bool,
) -> FittedModel:
    """Return the recipe fitted to all of `data`, in the way (`small` or not) in which it was judged last.

    Beside it lies what it learnt from, to be compared with what it scores.
    """
    small = small and data.sampled is None  # the small model has no room for rows that stand for many
    settings, features = material.settings, material.features
    tuned, predictions = (None, None) if evaluated is None else (evaluated.tuned, evaluated.predictions)
    model = fit_recipes((recipe,), data, target, features, settings, until, tuned, small=small)[recipe]
    model = with_horizons(model, data, target, features, settings)
    log_odds = material.log_odds(target, until, model)
    if settings.training.recalibrate != "none":
        model, shift = recalibrated(model, log_odds, until)
        log_odds = log_odds + shift
    scored = until, expit(log_odds)
    return with_reference(model, make_reference(data, features, model, predictions, further, scored))


def _saved(material: Material, target: Target, model: FittedModel) -> Path:
    folder = material.settings.state_folder / "models" / target.name / model.digest[:16]
    model.save(folder)
    return folder


def _rehearsed(material: Material, target: Target, model: FittedModel) -> Path:
    folder = material.settings.state_folder / "models-dry-run" / target.name
    model.save(folder)
    return folder


def _described(champion: Champion) -> str:
    return f"{champion.name} version {champion.number}, trained until {_trained_until(champion)},"


def _trained_until(champion: Champion) -> date:
    return date.fromisoformat(champion.manifest["trained_until"])
