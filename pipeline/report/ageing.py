"""How a model ages: the same model one to twelve months later, beside one fitted anew for the same day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.charts import Series, lines
from pipeline.report.section import About, Grid, Picture, Section, measured
from pipeline.report.words import count, figure, interval


def ageing(notes: Mapping[str, Any], about: About) -> Section | None:
    """Return the section `As a model ages`; None where it was not asked for (`keepgrow backtest --ageing`)."""
    told = notes.get("ageing")
    if told is None:
        return None
    if not told:
        return Section("As a model ages", ["No two test dates are a month or more, and at most twelve months, apart."])
    columns = ["Months old", "Test dates", "Rows", "AUC", "AUC fitted anew", "Difference", "Calibration error",
               "The same, fitted anew", "Expected over real outcomes"]  # fmt: skip
    rows = [
        [
            str(age["months"]), str(age["dates"]), count(age["n"]), measured(age["aged"]["auc"]),
            measured(age["fresh"]["auc"]), measured(age["aged - fresh"]["auc"], signed=True),
            measured(age["aged"]["ece"]), measured(age["fresh"]["ece"]), figure(age["aged"]["total"]),
        ]
        for age in told
    ]  # fmt: skip
    grid = Grid("The same model later, on the same rows as one fitted anew", columns, rows)
    return Section("As a model ages", [_said(told)], [grid], _pictures(told, about))


def _said(told: Any) -> str:
    lost = [age for age in told if _high(age) is not None and _high(age) < 0]
    if not lost:
        oldest = told[-1]
        return (
            f"Up to {oldest['months']} months old no loss in AUC against a model fitted anew is shown (at "
            f"{oldest['months']}: {figure(oldest['aged - fresh']['auc']['value'])}, "
            f"{interval(oldest['aged - fresh']['auc'], signed=True)})."
        )
    first = lost[0]
    return (
        f"A loss in AUC against a model fitted anew shows from {first['months']} months on "
        f"({figure(first['aged - fresh']['auc']['value'])}, {interval(first['aged - fresh']['auc'], signed=True)})."
    )


def _high(age: Mapping[str, Any]) -> Any:
    return age["aged - fresh"]["auc"]["high"]


def _pictures(told: Any, about: About) -> list[Picture]:
    asked = [age for age in told if age["aged"]["auc"]["low"] is not None]
    if len(asked) < 2:
        return []
    series = [
        Series(
            name,
            [float(age["months"]) for age in asked],
            [age[which]["auc"]["value"] for age in asked],
            [age[which]["auc"]["low"] for age in asked],
            [age[which]["auc"]["high"] for age in asked],
        )
        for which, name in (("aged", "The same model"), ("fresh", "Fitted anew"))
    ]
    drawn = lines(series, title=f"{about.target}: AUC by age of the model", x="months since training", y="AUC")
    return [Picture("AUC by age of the model", drawn, "Intervals are 95 %, bootstrap over accounts.")]
