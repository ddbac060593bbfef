"""Markdown tables of records: seconds, processor time, memory and factors."""

from __future__ import annotations

from collections.abc import Sequence

from engine.runner import Record, summary

MISSING = "not measured"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; the first column is text, the others are figures."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def ok(record: Record | None) -> bool:
    """Whether a measurement was made and came to its end."""
    return record is not None and record["status"] == "ok"


def figures(record: Record | None) -> list[str]:
    """Return seconds, processor seconds and peak GB of a record as cells; what went wrong in the first of them."""
    if record is None:
        return [MISSING, "", ""]
    if not ok(record):
        return [summary(record), "", ""]
    return [seconds(record["seconds"]), seconds(record["processor"]), f"{record['peak_gb']:.2f}"]


def factor(record: Record | None, of: Record | None, key: str = "seconds") -> str:
    """Return how many times `of` a record took, "" where either is missing; "more than" for one that was ended."""
    if record is None or of is None or not ok(of):
        return ""
    if record["status"] == "late":
        return f"more than {times(record['limit'] / of['seconds'])}" if key == "seconds" else ""
    return times(record[key] / of[key]) if ok(record) else ""


def added(*records: Record | None) -> Record | None:
    """Return records one after another as one: their times added, the larger peak; None unless all came to an end."""
    if not all(ok(record) for record in records):
        return None
    whole = [record for record in records if record is not None]
    times_ = {key: sum(record[key] for record in whole) for key in ("seconds", "processor")}
    return {"status": "ok", **times_, "peak_gb": max(record["peak_gb"] for record in whole)}


def seconds(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def times(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
