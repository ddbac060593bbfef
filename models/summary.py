"""A training in ten lines of markdown, and in one: what MLflow shows first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from features.phrases import topic_words
from models.bootstrap import Interval
from models.plots import NAMES
from models.promote import said


def summary(notes: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """Return the notes of a training as markdown; `words` are those of its target (`Target.words`)."""
    lines = [
        f"**{notes['decision']['reason']}**",
        f"- Question: {words['label']}; asked of accounts with {words['cohort']}",
    ]
    if notes["cohorts"]:
        first, last = notes["cohorts"][0]["as_of"], notes["cohorts"][-1]["as_of"]
        counts = notes["counts"]
        lines.append(
            f"- Learnt from {counts['rows']:,} rows of {counts['accounts']:,} accounts at {len(notes['cohorts'])} "
            f"dates, {first} to {last}; {counts['positives']:,} positive ({counts['positives'] / counts['rows']:.1%}); "
            f"labels as known by {notes['trained_until']}"
        )
        if "sampled" in notes:
            lines.append(f"- Not all fit into memory: {notes['sampled']['words']}")
    pooled = notes["evaluation"].get("pooled")
    if pooled:
        dates = ", ".join(fold["as_of"] for fold in notes["evaluation"]["folds"])
        lines.append(f"- Tested out of time at {dates}: {pooled['n']:,} rows, {pooled['positives']:,} positive")
        for contender, measured in pooled["contenders"].items():
            lines.append(
                f"- AUC of the {NAMES.get(contender, contender)}: {said(Interval(**measured['auc']))}; "
                f"the first tenth holds {_percent(measured['value_captured_10'])} of the value"
            )
    else:
        lines.append("- Not tested out of time: the history is too short for a test date")
    lines += [f"- Warning: {warning}" for warning in notes.get("warnings", ())]
    if notes["importance"]:
        heaviest = [f"{topic_words(each['topic'])} {each['share']:.0%}" for each in notes["importance"][:4]]
        lines.append(f"- Looks most at: {', '.join(heaviest)}")
    lines.append("- Charts in plots/, folds in folds.json, all of this as data in training.json and backtest.json")
    return "\n".join(lines)


def headline(notes: Mapping[str, Any]) -> str:
    """Return a training in one sentence."""
    counts = notes["counts"]
    made = (
        f"Recipe '{notes['recipe']}', trained until {notes['trained_until']} on {counts['rows']:,} rows, "
        f"{counts['positives']:,} positive."
    )
    pooled = notes["evaluation"].get("pooled")
    if not pooled or notes["recipe"] not in pooled["contenders"]:
        return f"{made} Not tested out of time."
    return f"{made} AUC out of time {said(Interval(**pooled['contenders'][notes['recipe']]['auc']))}."


def _percent(figure: Mapping[str, float | None]) -> str:
    return "an unknown part" if figure["value"] is None else f"{figure['value']:.0%}"
