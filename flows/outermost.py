"""What the outermost flow settles, whoever called it: the day, the surroundings, and where its steps are told.

A command has done all of it already; a worker that runs a deployment has done none.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

from flows.surroundings import quiet, state_folder
from pipeline.asof import parse_as_of
from pipeline.errors import AsOfError
from pipeline.settings import Settings, read_settings

LOG = logging.getLogger("keepgrow")


@contextmanager
def outermost(config: str, as_of: date | str | None, *, as_configured: bool = True) -> Iterator[tuple[Settings, date]]:
    """Yield the settings and the day the flow is for, its steps told to Prefect's log of the run too.

    Without `as_configured` the config's `[run] as_of` does not count. Raises SettingsError for the config, StoreError
    for a state folder that cannot be written, AsOfError for a day that cannot be taken (see `day_asked`).
    """
    quiet()
    settings = read_settings(config)
    state_folder(settings)
    with _told_to_prefect():
        yield settings, day_asked(settings if as_configured else None, as_of)


def day_asked(settings: Settings | None, as_of: date | str | None, today: date | None = None) -> date:
    """Return the day to work for: the one asked for, else `[run] as_of` of the settings given, else today.

    A text (as a command line and a deployment's parameters give) is read as YYYY-MM-DD. Raises AsOfError for another
    text, and for a day that has not begun.
    """
    given = parse_as_of(as_of) if isinstance(as_of, str) and as_of else as_of
    today = today or datetime.now(UTC).date()  # the outermost layer is the only one to ask
    asked = given or (settings and settings.run.as_of) or today
    if not isinstance(asked, date) or asked > today:
        raise AsOfError(f"as_of {asked} lies in the future: today is {today}. Take a day that has begun.")
    return asked


@contextmanager
def _told_to_prefect() -> Iterator[None]:
    """Send keepgrow's steps to the flow run's log too; without a command, also to Prefect's handler of the terminal."""
    from prefect.context import FlowRunContext
    from prefect.logging.handlers import APILogHandler

    if FlowRunContext.get() is None:  # called as a plain function: there is no run to tell
        yield
        return
    level, handler = LOG.level, APILogHandler(logging.INFO)
    if not LOG.isEnabledFor(logging.INFO):
        LOG.setLevel(logging.INFO)
    LOG.addHandler(handler)
    try:
        yield
    finally:
        LOG.removeHandler(handler)
        LOG.setLevel(level)
