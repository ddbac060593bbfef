"""When a risk comes: the horizons its curve tells of, what each was learnt from, and those left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.report.section import About, Grid, Section
from pipeline.report.words import count


def horizons_section(notes: Mapping[str, Any], about: About) -> Section | None:  # noqa: ARG001
    """Return the section `When it comes`, or why there is no curve; None where none was asked for."""
    told = notes.get("horizons")
    if not told:
        return None
    if "none" in told:
        return Section("When it comes", [f"No curve tells when: {told['none']}."])
    known = ", ".join(str(days) for days in told["horizons"])
    said = ["Probabilities are told within none of the days asked for."]
    if known:
        said = [f"Probabilities are told within {known} days, and never fall from one to the next."]
    if told["gap"]:
        said.append(f"Days count from {told['gap']} days after the list's own day, the target's gap.")
    said += [f"Within {days} days none is told: {why}." for days, why in told["left_out"].items()]
    borne = told["calibration"]
    if borne["rows"]:
        said.append(f"Later dates bear out {100 * borne['shape']:.0f} % of what sets the curves' shapes apart.")
    else:
        said.append("Too few later dates tell how far the curves' shapes can be believed, so half of each is taken.")
    starts = [0, *told["ends"][:-1]]
    rows = [
        [f"{start} to {end}", count(step["rows"]), count(step["events"])]
        for start, end, step in zip(starts, told["ends"], told["periods"], strict=True)
    ]
    grid = Grid("What each step was learnt from", ["Days", "Rows", "Events"], rows)
    return Section("When it comes", said, folded=[grid])
