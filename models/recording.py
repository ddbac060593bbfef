"""The record of a training, made from what it learnt from, how it was judged and what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from typing import Any

from features.built import content_digest
from models.backtest import Backtest
from models.manifest import FittedModel
from models.material import Material
from models.plots import fold_table, plots
from models.record import DataNote, Record
from models.summary import headline, summary
from models.targets import Target

JUDGED = ["account_id", "as_of", "label", "realised"]
"""Columns of the out-of-time rows that do not depend on any model."""


def record_of(
    material: Material, target: Target, model: FittedModel, evaluated: Backtest | None, notes: Mapping[str, Any]
) -> Record:
    """Return what MLflow keeps of a training; `notes` are those of `models.notes.training_notes`.

    No row, account id or name is in it: of the data only digests, counts, dates and the features' names.
    """
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
            **({"sampled": notes["sampled"]["words"]} if "sampled" in notes else {}),
        },
        digests=notes["digests"],
        as_ofs=[date.fromisoformat(day) for day in manifest["as_ofs"]],
        counts={**manifest["counts"], **_drawn(manifest)},
        evaluation=notes["evaluation"],
        labels=labels(material, target, manifest["recipe"], manifest["trained_until"]),
        notes=notes,
        summary=summary(notes, target.words),
        headline=headline(notes),
        question=question(target),
        plots=plots(notes),
        folds=fold_table(notes),
        data=_data(material, target, model, evaluated, notes),
    )


def _drawn(manifest: Mapping[str, Any]) -> dict[str, int]:
    """Return how many rows and positives were learnt from, where they are a sample of those counted."""
    drawn = manifest.get("sampled")
    return {} if drawn is None else {"rows_sampled": drawn["rows"], "positives_sampled": drawn["positives"]}


def labels(material: Material, target: Target, recipe: str | None, until: str) -> dict[str, str]:
    """Return the tags by which runs and versions are found."""
    found = {"target": target.name, "recipe": recipe, "trained_until": until, "config": material.settings.name}
    return {name: value for name, value in found.items() if value} | {"code_version": version("keepgrow")}


def question(target: Target) -> str:
    """Return what the target asks, in a sentence or two."""
    words = target.words
    return (
        f"The probability of this: {words['label']}. Asked of accounts with {words['cohort']}. "
        f"At stake: {words['value']}. The alias champion scores, challenger is the latest one trained."
    )


def _data(
    material: Material, target: Target, model: FittedModel, evaluated: Backtest | None, notes: Mapping[str, Any]
) -> list[DataNote]:
    manifest = model.manifest
    source = {"snapshot": material.snapshot.digest, "tables": sorted(material.snapshot.columns)}
    types = {"category": "string", "number": "double"}
    columns = [(each["name"], types[each["type"]]) for each in manifest["features"]] + [("label", "integer")]
    made = [
        DataNote(
            f"{target.name} training",
            "training",
            manifest["data_digest"],
            source | {"as_ofs": manifest["as_ofs"]},
            columns,
            {**manifest["counts"], **_drawn(manifest), "dates": len(manifest["as_ofs"])},
        )
    ]
    if evaluated is not None:
        rows = evaluated.predictions
        folds = [fold["as_of"] for fold in notes["evaluation"]["folds"]]
        made.append(
            DataNote(
                f"{target.name} evaluation",
                "evaluation",
                content_digest(rows[JUDGED]),
                source | {"as_ofs": folds},
                columns,
                {
                    "rows": len(rows),
                    "accounts": int(rows["account_id"].nunique()),
                    "positives": int(rows["label"].sum()),
                    "dates": len(folds),
                },
            )
        )
    return made
