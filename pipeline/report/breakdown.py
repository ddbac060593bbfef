"""How well the model does by segment, country, tenure and size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.report.section import About, Cell, Grid, Section, measured
from pipeline.report.words import count, figure, interval, percent

WORDS = {
    "segment": "Segment",
    "country": "Country",
    "tenure": "Time with us",
    "size": "Size: base amount, in thirds",
}


def breakdown(notes: Mapping[str, Any], about: About) -> Section | None:  # noqa: ARG001
    """Return the section `By group of accounts`; None where accounts fall into no groups."""
    told = notes.get("breakdown")
    if not told:
        return None
    grids = [_grid(dimension, told["attributes"]) for dimension in told["dimensions"]]
    return Section("By group of accounts", [_worst(notes, told)], folded=grids)


def _worst(notes: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    """Say which group's interval shows that it is told worse than all accounts together, or is off in number."""
    evaluation = notes.get("evaluation") or notes
    pooled = (evaluation.get("pooled") or {}).get("contenders", {}).get("model", {}).get("auc", {}).get("value")
    worse, off, small = [], [], 0
    for dimension in told["dimensions"]:
        for group in dimension["groups"]:
            name = f"{dimension['by']} {group['name']}"
            small += group["small"]
            high = group["auc"]["high"]
            if pooled is not None and high is not None and high < pooled:
                worse.append(f"{name} (AUC {figure(group['auc']['value'])})")
            ratio = group["number"]["ratio"]
            if not group["small"] and ratio["low"] is not None and not ratio["low"] <= 1 <= ratio["high"]:
                off.append(f"{name} ({figure(ratio['value'])} times the real number)")
    said = [f"Told apart among themselves less well than accounts on the whole: {', '.join(worse)}." if worse else ""]
    said.append(f"Expected too many or too few: {', '.join(off)}." if off else "")
    said.append(f"Groups too small to say: {small}." if small else "")
    told_off = " ".join(each for each in said if each)
    return (
        told_off
        or "No group stands out: none is told apart less well, none was expected to have too many outcomes or too few."
    )


def _grid(dimension: Mapping[str, Any], attributes: str) -> Grid:
    by = dimension["by"]
    title = WORDS[by] + (f", {attributes}" if by in ("segment", "country") else "")
    columns = [WORDS[by].split(":")[0], "Rows", "Accounts", "With the outcome", "AUC", "Expected over real outcomes",
               "Expected over real value"]  # fmt: skip
    return Grid(title, columns, [_row(group) for group in dimension["groups"]])


def _row(group: Mapping[str, Any]) -> list[Cell]:
    rate = percent(group["positives"] / group["n"]) if group["n"] else ""
    told: Cell = "too small to say" if group["small"] else measured(group["auc"])
    return [
        group["name"], count(group["n"]), count(group["accounts"]), (count(group["positives"]), rate), told,
        *((figure(part["ratio"]["value"]), interval(part["ratio"])) for part in (group["number"], group["value"])),
    ]  # fmt: skip
