"""Is what is scored spread as what was learnt from, how good should the scores be, and which columns are suspect?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.report.section import About, Cell, Grid, Section, measured, share
from pipeline.report.words import count

LABELS = {
    "auc": "AUC",
    "average_precision": "Average precision",
    "lift_10": "Lift of the top tenth",
    "precision_at_capacity": "Precision at capacity",
    "brier": "Brier score",
    "positives": "Events",
}


def drift_section(notes: Mapping[str, Any], about: About) -> Section | None:  # noqa: ARG001
    """Return the section, from `drift` and `estimate` of a day's scoring; None where there are none."""
    drift, estimate = notes.get("drift"), notes.get("estimate")
    if not drift:
        return None
    said = [f"Drift on {drift['as_of']}: {drift['said']}."]
    if drift["scores"] is not None:
        said.append(f"{drift['scores']['said']}.")
    grids = []
    if drift["moved"]:
        rows: list[list[Cell]] = [
            [each["feature"], each["said"].removeprefix(f"{each['feature']}: ")] for each in drift["moved"]
        ]
        grids.append(Grid("Features that drifted", ("Feature", "What changed"), rows, texts=("What changed",)))
    if estimate and estimate.get("why_not"):
        said.append(f"What the scores should be worth is not estimated: {estimate['why_not']}.")
    elif estimate:
        said.append(
            "What the scores should be worth, by their own probabilities, before anybody can know (confidence-based "
            "estimation): it sees a change in whom the model scores, not in how accounts come to behave."
        )
        grids.append(Grid("Expected performance", ("Measure", "Expected, 90 % interval"), _expected(estimate)))
    return Section("Drift and expected performance", said, grids=grids)


def leaks_section(notes: Mapping[str, Any], about: About) -> Section | None:  # noqa: ARG001
    """Return the section, from `leaks` of the notes; None where nothing was looked at or nothing is to be said."""
    leaks = notes.get("leaks") or {}
    suspects, trusted = leaks.get("suspects") or [], leaks.get("trusted") or []
    if not suspects and not trusted:
        return None
    said = []
    if suspects:
        said.append(
            f"{count(len(suspects))} columns look as if written when the outcome was known; nothing was trained."
        )
    if trusted:
        said.append(
            f"{count(len(trusted))} columns are learnt from although they look so: [training] trusted names them."
        )
    rows: list[list[Cell]] = [[each["column"], each["sign"], each["said"]] for each in (*suspects, *trusted)]
    grid = Grid("Columns", ("Column", "Sign", "Figures"), rows, texts=("Sign", "Figures"))
    return Section("Columns that may be leaks", said, grids=[grid])


def _expected(estimate: Mapping[str, Any]) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for name, label in LABELS.items():
        ends = estimate.get(name)
        if not ends or ends["value"] is None:
            continue
        if name == "positives":
            shown: Cell = (count(round(ends["value"])), f"{count(round(ends['low']))} to {count(round(ends['high']))}")
        else:
            shown = share(ends) if name == "precision_at_capacity" else measured(ends)
        rows.append([label, shown])
    return rows
