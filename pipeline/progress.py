"""Progress bars for long loops: on a terminal a bar, elsewhere nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Item = TypeVar("Item")


def track(items: Iterable[Item], doing: str, number: int | None = None) -> Iterator[Item]:
    """Yield the items, drawing a bar labelled `doing` on standard error when that is a terminal.

    `number` says how many there are, where `items` cannot.
    """
    console = Console(stderr=True)
    total = len(items) if number is None and isinstance(items, Sized) else number
    if not console.is_terminal or (total is not None and total < 2):
        yield from items
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield from progress.track(items, total=total, description=doing)
