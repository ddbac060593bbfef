"""How well the model does by segment, country, tenure and size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import log
from statistics import NormalDist
from typing import Any

from pipeline.report.section import About, Cell, Grid, Section, measured
from pipeline.report.words import count, figure, interval, percent

WORDS = {
    "segment": "Segment",
    "country": "Country",
    "tenure": "Time with us",
    "size": "Size: base amount, in thirds",
}

LEAST = 1e-9
"""What logarithms are taken of at least."""


def breakdown(notes: Mapping[str, Any], about: About) -> Section | None:  # noqa: ARG001
    """Return the section `By group of accounts`; None where accounts fall into no groups."""
    told = notes.get("breakdown")
    if not told:
        return None
    grids = [_grid(dimension, told["attributes"]) for dimension in told["dimensions"]]
    return Section("By group of accounts", [_worst(notes, told)], folded=grids)


def _worst(notes: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    """Say which group is told worse than all accounts together, or is off in number, beyond what so many would show.

    One group in twenty lies outside its own 95 % interval, so that each is held to that of 95 % for all of them
    together (Bonferroni).
    """
    evaluation = notes.get("evaluation") or notes
    pooled = (evaluation.get("pooled") or {}).get("contenders", {}).get("model", {}).get("auc", {}).get("value")
    groups = [group for dimension in told["dimensions"] for group in dimension["groups"]]
    judged = [part for group in groups if not group["small"] for part in (group["auc"], group["number"]["ratio"])]
    claims = max(1, sum(part["low"] is not None for part in judged))
    worse, off, small = [], [], 0
    for dimension in told["dimensions"]:
        for group in dimension["groups"]:
            name = f"{dimension['by']} {group['name']}"
            small += group["small"]
            _, high = _of_all(group["auc"], claims, _odds)
            if pooled is not None and high is not None and high < _odds(pooled):
                worse.append(f"{name} (AUC {figure(group['auc']['value'])})")
            ratio = group["number"]["ratio"]
            low, high = _of_all(ratio, claims, _log)
            if not group["small"] and low is not None and high is not None and not low <= 0 <= high:
                off.append(f"{name} ({figure(ratio['value'])} times the real number)")
    said = [f"Told apart among themselves less well than accounts on the whole: {', '.join(worse)}." if worse else ""]
    said.append(f"Expected too many or too few: {', '.join(off)}." if off else "")
    said.append(f"Groups too small to say: {small}." if small else "")
    alone = [WORDS[by].lower() for by in told.get("too_small", ())]
    said.append(f"Not broken down by {' and '.join(alone)}: every group is too small to say." if alone else "")
    told_off = " ".join(each for each in said if each)
    return (
        told_off
        or "No group stands out: none is told apart less well, none was expected to have too many outcomes or too few."
    )


def _of_all(ends: Mapping[str, Any], claims: int, scale: Callable[[float], float]) -> tuple[Any, Any]:
    """Return the ends, on a scale where they are about normal, of an interval of 95 % for all claims together."""
    if ends["value"] is None or ends["low"] is None:
        return None, None
    wider = NormalDist().inv_cdf(1 - 0.025 / claims) / NormalDist().inv_cdf(0.975)
    middle = scale(ends["value"])
    return middle - wider * (middle - scale(ends["low"])), middle + wider * (scale(ends["high"]) - middle)


def _log(ratio: float) -> float:
    return log(max(ratio, LEAST))


def _odds(share: float) -> float:
    return _log(share) - _log(1 - share)


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
