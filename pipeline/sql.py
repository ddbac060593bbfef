"""Pieces of DuckDB's SQL: strings, names, and the part of its error messages that people can use."""

from __future__ import annotations

from pipeline.texts.showing import without_quotes


def literal(text: str) -> str:
    """Return `text` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """Return `name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def first_line(error: Exception) -> str:
    """Return the part of DuckDB's message that people can use: its first line, without the trailing stop.

    A cell that could not be converted is quoted as `pipeline.texts.showing` tells it: it may be a note.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    told = lines[0].rstrip(".")
    of_a_cell = told.startswith("Conversion Error") or "Could not parse string" in told
    return without_quotes(told) if of_a_cell else told
