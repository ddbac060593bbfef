"""The sections of a report in the terminal: what is said, and its tables; with `verbose` those that a page folds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.report.section import About, Cell, Grid
from pipeline.report.sections import sections


def print_sections(console: Console, notes: Mapping[str, Any], about: About, verbose: bool = False) -> None:
    """Print the sections that the notes (or a target's part of a backtest) have something to say for."""
    for section in sections(notes, about):
        console.print(Text(f"{about.target}: {section.title}", style="bold"), soft_wrap=True)
        for sentence in section.said:
            console.print(Text(sentence), soft_wrap=True)
        for grid in (*section.grids, *(section.folded if verbose else ())):
            _print(console, grid)
        console.print()


def _print(console: Console, grid: Grid) -> None:
    table = Table(title=grid.title, title_justify="left", title_style="dim", box=None, pad_edge=False)
    for position, name in enumerate(grid.columns):
        words = position == 0 or name in grid.texts
        table.add_column(name, justify="left" if words else "right", overflow="fold")
    for row in grid.rows:
        table.add_row(*(Text(_joined(cell)) for cell in row))
    console.print(table)


def _joined(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    return f"{cell[0]} ({cell[1]})" if cell[1] else cell[0]
