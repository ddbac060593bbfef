"""What there is to tell about a training, as plain data: MLflow keeps it, reports read it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from features.catalogue import catalogue_digest
from models.backtest import CONTENDERS, Backtest
from models.bootstrap import Interval
from models.cautions import told
from models.curves import curves
from models.dataset import Dataset
from models.hazard.periods import Times, choose_steps, why_none
from models.importance import importance
from models.manifest import FittedModel
from models.material import Material
from models.promote import Decision
from models.targets import Target

LIFTED = ("breakdown", "expected", "value", "shift", "ageing")
"""Parts that a backtest adds to its document; in the notes they stand beside the evaluation, not in it."""


def training_notes(
    material: Material,
    target: Target,
    data: Dataset,
    model: FittedModel,
    evaluated: Backtest | None,
    decision: Decision,
    small: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return how a training went, without a single account in it.

    `evaluation`: the target's part of `backtest --json` ({} without a test date). `curves`: see `models.curves`, over
    the pooled out-of-time rows of the recipe 'model' and its baselines. `cohorts`: as_of, n and positives of each
    training date, ascending. `importance`: see `models.importance`. `decision`: promote, rule, serve, reason, figures.
    `verdict` and `warnings`: what to say before anybody trusts the list (see `models.cautions`). Beside them `counts`,
    `trained_until`, `recipe`, `target` (its keys) and `digests`; and `sampled` where not all rows were learnt from (see
    `models.sampling.Sampled.plain`), with its `words`; and `small`: how a small book was judged and what more it takes
    (see `models.small.design`), None for a larger one. Counts, cohorts and base rates are of all rows all the same.
    """
    auc = Interval(None, None, None) if evaluated is None else evaluated.auc()
    pooled = None if evaluated is None else evaluated.predictions[~evaluated.predictions["final"]]
    plain = {} if evaluated is None else dict(evaluated.plain)
    lifted = {part: plain.pop(part) for part in LIFTED if part in plain}
    return {
        "evaluation": plain,
        **lifted,
        **_shift(model),
        "curves": {} if pooled is None or pooled.empty else curves(pooled, CONTENDERS),
        "cohorts": cohorts(data),
        "importance": importance(model, material.features, data.features, weight=data.weight),
        "decision": decision.plain(),
        **told(target, data.counts["rows"], data.counts["positives"], auc, small),
        "small": small,
        "counts": dict(model.manifest["counts"]),
        **({} if data.sampled is None else {"sampled": data.sampled.plain() | {"words": data.sampled.words()}}),
        "trained_until": model.manifest["trained_until"],
        "recipe": model.manifest["recipe"],
        "chosen": model.manifest.get("chosen"),
        "horizons": _horizons(model, target, data, material),
        "target": target.plain(),
        "digests": digests(material) | {"data": model.manifest["data_digest"], "model": model.digest},
    }


def _horizons(model: FittedModel, target: Target, data: Dataset, material: Material) -> dict[str, Any] | None:
    """Return the manifest's entry; where there is none though horizons were asked for, why, under `none`."""
    entry = model.manifest.get("horizons")
    if entry is not None or not target.horizons:
        return entry
    times, fewest = Times.of(data.rows, target.window.gap), material.settings.training.min_positives
    if choose_steps(times, target, fewest) is None:
        return {"none": why_none(times, target, fewest)}
    return {"none": "the model was trained without a curve"}


def _shift(model: FittedModel) -> dict[str, Any]:
    """Return, under `shift`, what is predicted of the cohort of the day of training, and what the rows learnt from had.

    as_of, accounts, learnt (their base rate), predicted (the mean probability) and moved_from (what it was before it
    was recalibrated), and `note`: why it was not; nothing for a model that was not to be recalibrated.
    """
    told = model.manifest["calibration"].get("recalibrated")
    if not told:
        return {}
    predicted = told["learnt"] if told["shift"] else told["predicted"]
    kept = {name: told[name] for name in ("as_of", "accounts", "learnt", "note")}
    return {"shift": kept | {"predicted": predicted, "moved_from": told["predicted"] if told["shift"] else None}}


def refusal_notes(material: Material, target: Target, decision: Decision, until: date) -> dict[str, Any]:
    """Return what there is to tell about a training that was refused: the same keys as far as they are known."""
    return {
        "evaluation": {},
        "curves": {},
        "cohorts": [],
        "importance": [],
        "decision": decision.plain(),
        "verdict": "not judged",
        "warnings": [],
        "counts": {},
        "trained_until": until.isoformat(),
        "recipe": None,
        "target": target.plain(),
        "digests": digests(material),
    }


def cohorts(data: Dataset) -> list[dict[str, Any]]:
    """Return as_of, n and positives of each date, ascending; rows that were not drawn count too."""
    return [
        {"as_of": as_of.isoformat(), "n": n, "positives": positives} for as_of, (n, positives) in data.cohorts.items()
    ]


def digests(material: Material) -> dict[str, str]:
    """Return the SHA-256 of what every training of the material rests on."""
    return {
        "snapshot": material.snapshot.digest,
        "settings": material.settings.digest(),
        "features": catalogue_digest(material.features),
    }
