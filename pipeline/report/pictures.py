"""The charts of a report's target, as SVG text; empty text where there is nothing that could be drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pipeline.charts import Series, bars, lines
from pipeline.likelihood import wilson
from pipeline.report.contents import TargetTold
from pipeline.report.words import CONTENDERS

MOST, LEAST = 12, 0.005
"""Bars that are drawn at most, and the share from which one is."""


def pictures(target: TargetTold) -> dict[str, str]:
    """Return the charts by name: base_rate, gain, reliability, importance, topics."""
    training, listing = target.training, target.listing
    return {
        "base_rate": _base_rate(training.cohorts, target.name),
        "gain": _gain(training.curves, target.name),
        "reliability": _reliability(training.curves.get("reliability") or (), target.name),
        "importance": _shares(training.importance, f"{target.name}: what the model looks at"),
        "topics": _shares(listing.topics if listing else (), f"{target.name}: topics named as reasons, share of rows"),
    }


def _base_rate(cohorts: Sequence[Mapping[str, Any]], target: str) -> str:
    asked = [cohort for cohort in cohorts if cohort["n"]]
    if not asked:
        return ""
    ends = [wilson(cohort["positives"], cohort["n"]) for cohort in asked]
    days = [date.fromisoformat(cohort["as_of"]).toordinal() for cohort in asked]
    rates = [cohort["positives"] / cohort["n"] for cohort in asked]
    series = Series("base rate", days, rates, [low for low, _ in ends], [high for _, high in ends])
    return lines(
        [series], title=f"{target}: base rate over time", x="day asked", y="with the outcome", percent=True, days=True
    )


def _gain(curves: Mapping[str, Any], target: str) -> str:
    series = []
    for contender, name in CONTENDERS.items():
        points = curves.get("gain" if contender == "model" else f"gain_{contender}") or ()
        if points:
            captured = [point["captured"] for point in points]
            series.append(Series(name, [point["share"] for point in points], captured))
    if not series:
        return ""
    return lines(
        series, title=f"{target}: outcomes found by calling from the top", x="share of accounts called",
        y="share of outcomes found", percent=True, diagonal="at random",
    )  # fmt: skip


def _reliability(bins: Sequence[Mapping[str, Any]], target: str) -> str:
    if not bins:
        return ""
    series = Series(
        "Model",
        [each["predicted"] for each in bins],
        [each["observed"] for each in bins],
        [each["observed_low"] for each in bins],
        [each["observed_high"] for each in bins],
    )
    return lines(
        [series], title=f"{target}: predicted beside observed", x="predicted", y="observed", percent=True,
        diagonal="as predicted",
    )  # fmt: skip


def _shares(shares: Sequence[tuple[str, float]], title: str) -> str:
    told = [(words, share) for words, share in shares if share >= LEAST][:MOST]
    if not told:
        return ""
    return bars([words for words, _ in told], [share for _, share in told], title=title, percent=True)
