"""What each family of features earns and costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.report.section import About, Grid, Section, measured
from pipeline.report.words import count, percent


def families(notes: Mapping[str, Any], about: About) -> Section | None:  # noqa: ARG001
    """Return the section `What each family of features earns`; None where none was left out."""
    told = notes.get("families")
    if not told:
        return None
    earning = [part["family"] for part in told["families"] if (part["auc"]["low"] or 0) > 0]
    harming = [
        part["family"] for part in told["families"] if part["auc"]["high"] is not None and part["auc"]["high"] < 0
    ]
    said = [
        f"The model was refitted without each family on {count(len(told['folds']))} folds, {count(told['n'])} rows. "
        + (
            f"It loses by leaving out: {', '.join(earning)}."
            if earning
            else "It loses nothing for sure without any one."
        )
    ]
    if harming:
        said.append(f"It gains by leaving out: {', '.join(harming)}.")
    said.append("What other families tell as well is not lost; several left out together may cost more.")
    columns = ["Family", "Features", "AUC lost without it", "Log-loss added", "Share of computing"]
    rows = [
        [
            part["family"], count(part["features"]), measured(part["auc"], signed=True),
            measured(part["log_loss"], signed=True), percent(part["cost"]),
        ]
        for part in told["families"]
    ]  # fmt: skip
    return Section("What each family of features earns", said, [Grid("", columns, rows)])
