"""A section of a target's report as plain data: sentences, tables and charts, shown on the page and in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.report.words import figure, interval, percent

Cell = str | tuple[str, str]
"""A text, or a text with what is said small beneath it."""


@dataclass(frozen=True)
class About:
    """What a section has to know of its target besides the notes."""

    target: str
    risk: bool
    currency: str
    horizon: int = 0


@dataclass(frozen=True)
class Grid:
    """A table. The first column heads its row; the others are figures, set right, but for those named in `texts`."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    texts: Sequence[str] = ()


@dataclass(frozen=True)
class Picture:
    """A chart of `pipeline.charts`, as SVG text, with its name and what it shows."""

    label: str
    svg: str
    caption: str


@dataclass(frozen=True)
class Section:
    """What is shown of one part. `said` comes first, the most important sentence at its head; `folded` opens on demand.

    The terminal shows `said` and `grids`, and `folded` with --verbose; it never shows `pictures`.
    """

    title: str
    said: Sequence[str]
    grids: Sequence[Grid] = ()
    pictures: Sequence[Picture] = ()
    folded: Sequence[Grid] = ()


def measured(ends: Mapping[str, Any] | None, signed: bool = False) -> Cell:
    """Return a figure with its interval beneath: `.743` and `.721 to .765`."""
    if not ends:
        return "–"
    said = figure(ends.get("value"))
    if signed and (ends.get("value") or 0) > 0:
        said = f"+{said}"
    return said, interval(ends, signed)


def share(ends: Mapping[str, Any] | None) -> Cell:
    """Return a share with its interval beneath: `43 %` and `39 % to 47 %`."""
    if not ends:
        return "–"
    if ends.get("low") is None or ends.get("high") is None:
        return percent(ends.get("value"))
    return percent(ends.get("value")), f"{percent(ends['low'])} to {percent(ends['high'])}"
