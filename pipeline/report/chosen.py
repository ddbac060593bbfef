"""Which candidates for the model stood beside one another, how far apart they were, and why one was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.report.section import About, Cell, Grid, Section
from pipeline.report.words import BLANK, count, known

TITLE = "How the model was chosen"


def chosen_section(notes: Mapping[str, Any], about: About) -> Section | None:  # noqa: ARG001
    """Return the section, from `chosen` of the notes (the manifest's); None where the notes hold none."""
    chosen = notes.get("chosen")
    if not chosen:
        return None
    name = chosen["chosen"]
    words = next((each["words"] for each in chosen["candidates"] if each["name"] == name), "")
    said = [f"The model is '{name}'" + (f": {words}." if words else "."), chosen["note"]]
    tuned = chosen.get("tuned")
    if tuned:
        said.append(tuned["words"])
    compared = [each for each in chosen["candidates"] if known(each["loss"])]
    if not compared:
        return Section(TITLE, said)
    said.append(f"The rule: {chosen['rule']}. All were judged on the same {count(chosen['rows'])} rows.")
    rows: list[list[Cell]] = [
        [
            f"{each['name']} (chosen)" if each["name"] == name else each["name"],
            each["words"] or BLANK,
            f"{1 - each['loss']:.3f}",
            f"{each['behind']:.3f}" if each["behind"] else "best",
            f"{each['se']:.3f}" if each["behind"] else BLANK,
        ]
        for each in compared
    ]
    columns = ("Candidate, the simplest first", "What it is", "AUC", "Behind the best", "Standard error")
    return Section(TITLE, said, folded=[Grid("Candidates", columns, rows, texts=("What it is",))])
