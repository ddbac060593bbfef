"""What a script of figures hands to the quality report: a row per figure, with its aim and whether it is met."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def row(what: str, value: float | str, aim: str = "", met: bool | None = None) -> dict[str, Any]:
    """Return a figure; without an aim it is there for the record, and `met` is None."""
    return {"what": what, "value": value, "aim": aim, "met": met}


def with_ends(interval: Mapping[str, float | None], digits: int = 4) -> str:
    """Return a value with the ends of its interval, each with its sign."""
    value, low, high = (f"{interval[end] or 0.0:+.{digits}f}" for end in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def write(file: Path | None, title: str, command: str, rows: Sequence[Mapping[str, Any]], note: str) -> None:
    """Write the figures of a command to a file, where one is given."""
    if file is not None:
        told = {"title": title, "command": command, "rows": list(rows), "note": note}
        file.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
