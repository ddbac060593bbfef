"""How a model ages: the same model one to twelve months later, beside one fitted anew for the same day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.charts import Series, lines
from pipeline.report.section import About, Grid, Picture, Section, measured
from pipeline.report.words import count, figure, interval, many

NO_PAIR = "No two test dates are a month or more, and at most twelve months, apart."

CAPTION = (
    "Intervals are 95 %, by account. Ages rest on different test dates (the table says on how many), so that the "
    "distance between the two lines tells of age, and their course tells of dates as well."
)


def ageing(notes: Mapping[str, Any], about: About) -> Section | None:
    """Return the section `As a model ages`; None where it was not asked for (`keepgrow backtest --ageing`)."""
    told = notes.get("ageing")
    if told is None:
        return None
    if not told:
        evaluation = notes.get("evaluation") or notes
        why = (evaluation.get("not_compared") or {}).get("ageing", NO_PAIR)
        return Section("As a model ages", [why])
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
    lost = [age for age in told if _is_lost(age)]
    # Every age is looked at, so that a single one may show a loss by chance, or because of its test dates.
    lasting = [age for place, age in enumerate(told) if all(_is_lost(later) for later in told[place:])]
    if not lost:
        oldest = told[-1]
        return (
            f"Up to {oldest['months']} months old no loss in AUC against a model fitted anew is shown (at "
            f"{oldest['months']}: {figure(oldest['aged - fresh']['auc']['value'])}, "
            f"{interval(oldest['aged - fresh']['auc'], signed=True)})."
        )
    if lasting and len(lasting) == len(lost):
        since = f"from {many(lasting[0]['months'], 'month')} on" if len(lasting) > 1 else _months(lasting[0])
        return f"A loss in AUC against a model fitted anew shows {since} {_difference(lasting[0])}."
    return (
        "A loss in AUC against a model fitted anew shows "
        f"{', '.join(f'{_months(age)} {_difference(age)}' for age in lost)}, and not at the other ages."
    )


def _is_lost(age: Mapping[str, Any]) -> bool:
    high = age["aged - fresh"]["auc"]["high"]
    return high is not None and high < 0


def _months(age: Mapping[str, Any]) -> str:
    return f"at {many(age['months'], 'month')}"


def _difference(age: Mapping[str, Any]) -> str:
    auc = age["aged - fresh"]["auc"]
    return f"({figure(auc['value'])}, {interval(auc, signed=True)})"


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
    return [Picture("AUC by age of the model", drawn, CAPTION)]
