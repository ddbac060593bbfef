"""From tables nobody has described to a config: profile, guess, write. Nothing here asks, prints or writes files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import duckdb

from pipeline.discovery.guess import Discovery, guess
from pipeline.discovery.origins import find_origins
from pipeline.discovery.profile import Profile, measure
from pipeline.discovery.proposal import Ask, Doubts, Question
from pipeline.discovery.toml_text import config_text

__all__ = ["Ask", "Discovery", "Profile", "Question", "config_text", "discover", "look_at"]


def look_at(
    paths: Sequence[Path], folder: Path, telling: Callable[[str], None] = lambda _: None
) -> tuple[list[Profile], duckdb.DuckDBPyConnection]:
    """Return the profiles of the tables behind `paths`, and the DuckDB that holds what was seen of them.

    `folder` is where the config will lie. Raises SourceError for what is not there or cannot be read.
    """
    con = duckdb.connect()
    try:
        con.execute("SET enable_progress_bar = false; SET TimeZone = 'UTC'; SET memory_limit = '2GB'")
        profiles = []
        for position, origin in enumerate(find_origins(con, paths, folder)):
            telling(origin.source)
            profiles.append(measure(con, origin, position))
    except BaseException:
        con.close()
        raise
    return profiles, con


def discover(con: duckdb.DuckDBPyConnection, profiles: Sequence[Profile], ask: Ask | None, today: date) -> Discovery:
    """Return what the tables are and how they map; `ask` answers questions, without it the best guess is taken.

    Raises SourceError where nothing to predict from was recognised.
    """
    return guess(con, profiles, Doubts(ask), today)
