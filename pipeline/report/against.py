"""The model beside each baseline and the champion, on the same accounts: paired differences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.report.section import About, Grid, Section, measured
from pipeline.report.words import CONTENDERS, METRICS, count, figure, interval

CHAMPION = "champion"


def against(notes: Mapping[str, Any], about: About) -> Section | None:  # noqa: ARG001
    """Return the section `Against baselines and the champion`; None without test dates."""
    evaluation = notes.get("evaluation") or notes
    pooled = evaluation.get("pooled")
    if not pooled or not pooled.get("paired"):
        return None
    champion = evaluation.get("champion")
    beside = dict(pooled["paired"])
    said = [_said(beside)]
    if champion:
        beside |= {pair: by for pair, by in champion["paired"].items() if pair.endswith(f"- {CHAMPION}")}
        auc = champion["metrics"]["auc"]
        said.append(
            f"The champion, trained until {champion['trained_until']}, on the {count(champion['n'])} rows of test "
            f"dates since: AUC {figure(auc['value'])} ({interval(auc)})."
        )
    elif why := (evaluation.get("not_compared") or {}).get(CHAMPION):
        said.append(why)
    grid = Grid(
        "Paired differences, with 95 % intervals",
        ["Measure", *(_named(pair) for pair in beside)],
        [[label, *(measured(by.get(metric), signed=True) for by in beside.values())] for metric, label, _ in METRICS],
    )
    return Section("Against baselines and the champion", said, folded=[grid])


def _said(paired: Mapping[str, Mapping[str, Any]]) -> str:
    told = []
    for pair, by in paired.items():
        auc, name = by["auc"], _name(pair.split(" - ")[1])
        if auc["low"] is None:
            told.append(f"{name}: nothing to compare")
            continue
        which = "better than" if auc["low"] > 0 else "worse than" if auc["high"] < 0 else "not shown to differ from"
        told.append(f"{which} {name} ({_signed(auc['value'])}, {interval(auc, signed=True)})")
    return f"In AUC the model is {'; '.join(told)}."


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + figure(value)


def _named(pair: str) -> str:
    return f"against {_name(pair.split(' - ')[1])}"


def _name(contender: str) -> str:
    if contender == CHAMPION:
        return "the champion"
    told = CONTENDERS.get(contender, contender)
    return f"the {told[:1].lower()}{told[1:]}"
