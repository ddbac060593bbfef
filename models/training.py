"""Training one target: due or not, learn, evaluate, record, promote."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from models.backtest import CHAMPION, CONTENDERS, Backtest, backtest
from models.bootstrap import Interval
from models.dataset import Dataset
from models.manifest import FittedModel, load_model
from models.material import Material
from models.promote import RULE, Decision, decide
from models.record import Record
from models.registry import Champion, Registry
from models.split import training_dates
from models.targets import Target
from models.train import check_learnable, fit_recipe
from pipeline.errors import TrainingRefused

RECIPE = CONTENDERS[0]


def train_target(
    material: Material, target: Target, as_of: date, *, force: bool = False, dry_run: bool = False
) -> dict[str, Any]:
    """Train the target on label windows closed by `as_of`, unless it has a champion that is not due.

    Returns target, outcome ("not due", "promoted", "rule" or "kept"), reason, and folder: where the model to score
    with lies when it was not registered (a dry run), else None; after a training also the evaluation and counts.

    Raises TrainingRefused when there is too little to learn from or to judge by.
    """
    registry = Registry(material.settings)
    champion = registry.champion(target.name)
    if champion is not None and not force:
        due = _trained_until(champion) + timedelta(days=material.settings.training.retrain_days)
        if as_of < due:
            reason = (
                f"{champion.name} version {champion.number}, trained until {_trained_until(champion)}, serves; "
                f"the next training is due on {due}"
            )
            return {"target": target.name, "outcome": "not due", "reason": reason, "folder": None}
    data, until = training_data(material, target, as_of)
    evaluated = _evaluate(material, target, until, champion)
    decision = _decide(champion, evaluated)
    fitted = _fit(RECIPE, material, target, data, until)
    serving = _fit(RULE, material, target, data, until) if decision.serve == "rule" else fitted
    result = {
        "target": target.name,
        "outcome": {"challenger": "promoted", "champion": "kept", "rule": "rule"}[decision.serve],
        "reason": decision.reason,
        "folder": None,
        "trained_until": str(until),
        "rows": len(data),
        "positives": int(data.rows["label"].sum()),
        "evaluation": dict(evaluated.plain) if evaluated else None,
    }
    if dry_run:
        return result | {"folder": str(_rehearsed(material, target, serving))}
    evaluation = dict(evaluated.plain) if evaluated else {}
    for model in [fitted] if serving is fitted else [fitted, serving]:
        folder = _saved(material, target, model)
        version = registry.log_training(target.name, folder, _record(material, target, model, evaluation))
        registry.settle(version, replace(decision, promote=model is serving and decision.serve != "champion"))
    return result


def training_data(material: Material, target: Target, as_of: date) -> tuple[Dataset, date]:
    """Return the rows to learn from at `as_of`, and the day by whose start all they rest on was known.

    Raises TrainingRefused when no as_of date is usable, the cohort is empty, or either label too rare.
    """
    until = material.data_until(target, as_of)
    dates = training_dates(
        material.settings.training, target.window, material.first_day(target), until, target.lookback
    )
    data = material.dataset(target, dates, known_by=until)
    check_learnable(data, target, material.settings)
    return data, until


def _evaluate(material: Material, target: Target, until: date, champion: Champion | None) -> Backtest | None:
    """Return the backtest of what was known by `until`; None when the history is too short for one."""
    asked = material.settings.evaluate
    closed = tuple(fold for fold in asked.folds if target.window.closed_by(fold, until))
    # The final fold is for `keepgrow backtest` alone: what promotes a model must not look at it.
    known = material.settings.model_copy(update={"evaluate": asked.model_copy(update={"folds": closed, "final": None})})
    serving = None if champion is None else load_model(champion.folder, champion.digest)
    try:
        return backtest(replace(material, settings=known), target, until, champion=serving)
    except TrainingRefused:
        return None


def _decide(champion: Champion | None, evaluated: Backtest | None) -> Decision:
    recipe = None if champion is None else str(champion.manifest["recipe"])
    if evaluated is None:
        return decide(recipe, RECIPE, Interval(None, None, None))
    against = CHAMPION if recipe == RECIPE else recipe
    difference = None if against is None else evaluated.difference(RECIPE, against)
    return decide(recipe, RECIPE, evaluated.auc(RECIPE), difference)


def _fit(recipe: str, material: Material, target: Target, data: Dataset, until: date) -> FittedModel:
    return fit_recipe(recipe, data, target, material.features, material.settings, until)


def _record(material: Material, target: Target, model: FittedModel, evaluation: dict[str, Any]) -> Record:
    manifest = model.manifest
    return Record(
        parameters={
            **{f"target.{name}": value for name, value in target.plain().items()},
            "recipe": manifest["recipe"],
            "features": len(manifest["features"]),
            "calibration": manifest["calibration"]["kind"],
            "trained_until": manifest["trained_until"],
            "seed": material.settings.run.seed,
            "code_version": manifest["code_version"],
        },
        digests={
            "snapshot": material.snapshot.digest,
            "data": manifest["data_digest"],
            "settings": manifest["settings_digest"],
            "model": model.digest,
        },
        as_ofs=[date.fromisoformat(day) for day in manifest["as_ofs"]],
        counts=manifest["counts"],
        evaluation=evaluation,
    )


def _saved(material: Material, target: Target, model: FittedModel) -> Path:
    folder = material.settings.state_folder / "models" / target.name / model.digest[:16]
    model.save(folder)
    return folder


def _rehearsed(material: Material, target: Target, model: FittedModel) -> Path:
    folder = material.settings.state_folder / "models-dry-run" / target.name
    model.save(folder)
    return folder


def _trained_until(champion: Champion) -> date:
    return date.fromisoformat(champion.manifest["trained_until"])
