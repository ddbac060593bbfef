"""What each family of features earns and costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.report.section import About, Grid, Section, measured
from pipeline.report.words import count, percent


def families(notes: Mapping[str, Any], about: About) -> Section | None:  # noqa: ARG001
    """Return the section `What each family of features earns`; None where none was left out."""
    told = notes.get("families")
    if not told:
        return None
    parts = told["families"]
    said = [
        f"The model was refitted without each family on {count(len(told['folds']))} folds, {count(told['n'])} rows."
    ]
    for measure, name in (("auc", "AUC"), ("log_loss", "log-loss")):
        earning, harming = _sure(parts, measure)
        said[0] += f" In {name} it loses " + (
            f"by leaving out {', '.join(earning)}." if earning else "nothing for sure without any one."
        )
        if harming:
            said.append(f"In {name} it gains by leaving out {', '.join(harming)}.")
    said.append("What other families tell as well is not lost; several left out together may cost more.")
    columns = ["Family", "Features", "AUC lost without it", "Log-loss added", "Share of computing"]
    rows = [
        [
            part["family"], count(part["features"]), measured(part["auc"], signed=True),
            measured(part["log_loss"], signed=True), percent(part["cost"]),
        ]
        for part in parts
    ]  # fmt: skip
    return Section("What each family of features earns", said, [Grid("", columns, rows)])


def _sure(parts: Sequence[Mapping[str, Any]], measure: str) -> tuple[list[str], list[str]]:
    """Return the families without which the model is worse, and those without which it is better, beyond chance."""
    earning = [part["family"] for part in parts if (part[measure]["low"] or 0) > 0]
    harming = [part["family"] for part in parts if (part[measure]["high"] or 0) < 0]
    return earning, harming
