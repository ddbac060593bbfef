"""A training's notes as charts and as a table of folds: what people look for beside a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from features.phrases import topic_words
from models.curves import lift
from pipeline.charts import Series, bars, lines

NAMES = {"model": "model", "logistic": "logistic regression", "recency": "recency rule"}
"""Contenders for people."""

FIGURES = ("auc", "average_precision", "lift_10", "value_captured_10", "precision_at_capacity", "brier", "ece")


def plots(notes: Mapping[str, Any]) -> dict[str, str]:
    """Return the SVG of each chart by its file name; what cannot be drawn (no test date) is left out.

    `notes` are those of `models.notes.training_notes`.
    """
    drawn = {}
    curves = notes["curves"]
    if curves.get("gain"):
        drawn |= {"gain.svg": _gain(curves), "lift.svg": _lift(curves)}
        drawn["precision_recall.svg"] = _precision_recall(curves["precision_recall"], notes)
    if curves.get("reliability"):
        drawn["reliability.svg"] = _reliability(curves["reliability"])
    if notes["importance"]:
        told = notes["importance"]
        drawn["importance.svg"] = bars(
            [topic_words(each["topic"]) for each in told],
            [each["share"] for each in told],
            title="What the model looks at: share of the mean contribution",
            percent=True,
        )
    if notes["evaluation"].get("folds"):
        drawn["folds.svg"] = _folds(notes["evaluation"]["folds"])
    return drawn


def fold_table(notes: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the folds as `columns` and `data`: a row per fold and contender, then all folds' rows taken together.

    {} without folds.
    """
    evaluation = notes["evaluation"]
    parts = [(fold["as_of"], fold) for fold in evaluation.get("folds", ())]
    if len(parts) > 1 and evaluation.get("pooled"):
        parts.append(("all", evaluation["pooled"]))
    rows = []
    for named, part in parts:
        for contender, measured in part["contenders"].items():
            figures = [_rounded(measured[name]["value"]) for name in FIGURES]
            ends = [_rounded(measured["auc"][end]) for end in ("low", "high")]
            counts = [part["n"], part["positives"]]
            rows.append([named, NAMES.get(contender, contender), figures[0], *ends, *counts, *figures[1:]])
    columns = ["fold", "contender", "auc", "auc_low", "auc_high", "accounts", "positives", *FIGURES[1:]]
    return {"columns": columns, "data": rows} if rows else {}


def _gain(curves: Mapping[str, Any]) -> str:
    drawn = [_curve(NAMES["model"], curves["gain"], "share", "captured")]
    drawn += [
        _curve(NAMES[name], curves[f"gain_{name}"], "share", "captured", dashed=True)
        for name in ("logistic", "recency")
        if curves.get(f"gain_{name}")
    ]
    if curves["gain"][0]["captured_value"] is not None:  # last, so that a contender has one colour in all charts
        drawn.append(_curve("model, of the value", curves["gain"], "share", "captured_value"))
    return lines(
        drawn,
        title="Gain: what calling the first accounts of the list finds",
        x="share of the accounts called",
        y="share of all found",
        percent=True,
        diagonal="calling at random",
    )


def _lift(curves: Mapping[str, Any]) -> str:
    drawn = []
    for key, name in (("gain", "model"), ("gain_logistic", "logistic"), ("gain_recency", "recency")):
        points = lift(curves.get(key, ()))
        if points:
            shares, lifts = [100 * share for share, _ in points], [times for _, times in points]
            drawn.append(Series(NAMES[name], shares, lifts, dashed=name != "model"))
    return lines(
        drawn,
        title="Lift: how many times more than calling at random",
        x="share of the accounts called, %",
        y="times as many found",
    )


def _precision_recall(points: Sequence[Mapping[str, Any]], notes: Mapping[str, Any]) -> str:
    drawn = [_curve(NAMES["model"], points, "recall", "precision")]
    pooled = notes["evaluation"].get("pooled")
    if pooled:
        rate = pooled["positives"] / pooled["n"]
        drawn.append(Series("base rate", [0.0, 1.0], [rate, rate], dashed=True))
    return lines(
        drawn,
        title="Precision and recall as the list grows longer",
        x="recall: share of the positives that are listed",
        y="precision: share of the listed that are positive",
        percent=True,
    )


def _reliability(points: Sequence[Mapping[str, Any]]) -> str:
    observed = Series(
        "observed",
        [point["predicted"] for point in points],
        [point["observed"] for point in points],
        [point["observed_low"] for point in points],
        [point["observed_high"] for point in points],
    )
    return lines(
        [observed],
        title="Reliability: how often it came true, with 95 % intervals",
        x="probability predicted",
        y="share observed",
        percent=True,
        diagonal="as predicted",
    )


def _folds(folds: Sequence[Mapping[str, Any]]) -> str:
    if len(folds) == 1:
        measured = {NAMES.get(name, name): part["auc"] for name, part in folds[0]["contenders"].items()}
        ends = [[_number(each[end]) for each in measured.values()] for end in ("value", "low", "high")]
        title = f"AUC at the test date {folds[0]['as_of']}, with 95 % intervals"
        return bars(list(measured), ends[0], title=title, low=ends[1], high=ends[2])
    days = [float(date.fromisoformat(fold["as_of"]).toordinal()) for fold in folds]
    drawn = []
    for contender in folds[0]["contenders"]:
        auc = [fold["contenders"][contender]["auc"] for fold in folds]
        ends = [[_number(each[end]) for each in auc] for end in ("value", "low", "high")]
        first = contender == "model"
        drawn.append(
            Series(
                NAMES.get(contender, contender),
                days,
                ends[0],
                ends[1] if first else None,
                ends[2] if first else None,
                dashed=not first,
            )
        )
    return lines(
        drawn, title="AUC at each test date, the model's with 95 % intervals", x="test date", y="AUC", days=True
    )


def _curve(name: str, points: Sequence[Mapping[str, Any]], x: str, y: str, dashed: bool = False) -> Series:
    return Series(name, [_number(point[x]) for point in points], [_number(point[y]) for point in points], dashed=dashed)


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
