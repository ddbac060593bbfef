"""What was expected on past dates beside what happened, in numbers and money, and how the base rate has moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.report.section import About, Grid, Section, share
from pipeline.report.words import count, figure, interval, money, percent

FAR = 0.1
"""Totals further from what happened than this are said to be off."""

MOVED = 0.1
"""A base rate that moved by more than this share of itself is said to have moved."""


def expected(notes: Mapping[str, Any], about: About) -> Section | None:
    """Return the section `Calibration`; None without test dates."""
    told = notes.get("expected")
    if not told:
        return None
    pooled = told["pooled"]
    rows = [_row(fold["as_of"], fold, about) for fold in told["folds"]]
    rows.append(_row("together", pooled, about))
    columns = ["Test date", "Rate learnt from", "Rate observed", "Expected outcomes", "Real", "Ratio",
               "Expected value", "Real value", "Ratio of values"]  # fmt: skip
    said = [_totals(pooled, about), _shift(told)]
    said += _now(notes)
    grid = Grid("Expected beside what happened, by test date", columns, rows)
    return Section("Calibration: expected and real", said, folded=[grid])


def totals_off(notes: Mapping[str, Any], currency: str) -> str | None:
    """Say which totals of past dates were off by more than FAR and more than chance explains; None: neither was."""
    told = notes.get("expected")
    if not told:
        return None
    said = []
    number, value = told["pooled"]["number"], told["pooled"]["value"]
    if _surely_off(number["ratio"]):
        said.append(
            f"{count(number['expected'])} outcomes were expected and {count(number['real'])} came, "
            f"{_times(number['ratio'])}"
        )
    if _surely_off(value["ratio"]):
        said.append(
            f"{money(value['expected'], currency)} was expected and {money(value['real'], currency)} came, "
            f"{_times(value['ratio'])}"
        )
    return "; ".join(said) or None


def _off(ratio: Mapping[str, Any]) -> bool:
    return ratio["value"] is not None and abs(ratio["value"] - 1) > FAR


def _surely_off(ratio: Mapping[str, Any]) -> bool:
    low, high = ratio.get("low"), ratio.get("high")
    return _off(ratio) and low is not None and high is not None and not low <= 1 <= high


def _totals(pooled: Mapping[str, Any], about: About) -> str:
    number, value = pooled["number"], pooled["value"]
    said = (
        f"Outcomes: expected {count(number['expected'])}, came {count(number['real'])}, {_times(number['ratio'])}. "
        f"Value {'lost' if about.risk else 'won'}: expected {money(value['expected'], about.currency)}, came "
        f"{money(value['real'], about.currency)}, {_times(value['ratio'])}."
    )
    far = [name for name, part in (("number", number), ("value", value)) if _off(part["ratio"])]
    return said + (f" The {' and the '.join(far)} is off by more than {percent(FAR)}." if far else "")


def _times(ratio: Mapping[str, Any]) -> str:
    if ratio["value"] is None:
        return "no ratio"
    ends = interval(ratio)
    return f"{figure(ratio['value'])} times" + (f" ({ends})" if ends else "")


def _shift(told: Mapping[str, Any]) -> str:
    learnt, rate = told["pooled"]["learnt"], told["pooled"]["rate"]["value"]
    change = rate / learnt - 1 if learnt else 0.0
    moved = f"moved by {100 * change:+.0f} %" if abs(change) > MOVED else "hardly moved"
    rates = [fold["rate"]["value"] for fold in told["folds"]]
    return (
        f"Base rate: {percent(learnt, 1)} in the rows learnt from, {percent(rate, 1)} on the test dates "
        f"({percent(min(rates), 1)} to {percent(max(rates), 1)}): it {moved}."
    )


def _now(notes: Mapping[str, Any]) -> list[str]:
    """Say what is predicted now, and by how much probabilities were moved for it."""
    now = notes.get("shift")
    if not now or now["predicted"] is None:
        return []
    said = (
        f"Predicted now, at {now['as_of']}: {percent(now['predicted'], 1)} of {count(now['accounts'])} accounts; "
        f"learnt from {percent(now['learnt'], 1)}."
    )
    if now.get("moved_from") is not None:
        said += f" Without recalibration it would be {percent(now['moved_from'], 1)}."
    if now.get("note"):
        said += f" Probabilities were not recalibrated: {now['note']}."
    return [said]


def _row(name: str, fold: Mapping[str, Any], about: About) -> list[Any]:
    number, value = fold["number"], fold["value"]
    return [
        name, percent(fold["learnt"], 1), share(fold["rate"]), count(number["expected"]), count(number["real"]),
        (figure(number["ratio"]["value"]), interval(number["ratio"])), money(value["expected"], about.currency),
        money(value["real"], about.currency), (figure(value["ratio"]["value"]), interval(value["ratio"])),
    ]  # fmt: skip
