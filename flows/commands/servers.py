"""What a command that runs flows needs around it: a Prefect server, and nobody else at work on the store."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from flows.command import Command


@contextmanager
def prefect(running: Command, meanwhile: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Have a Prefect server for the flows: the configured one, or our own for the length of the command.

    `meanwhile` is done while our own starts, which takes a new one some twenty seconds.
    """
    from flows.embedded_server import EmbeddedServer, check_answers, prefect_ready

    server = None
    if "PREFECT_API_URL" in os.environ:
        check_answers(os.environ["PREFECT_API_URL"])
    else:
        server = EmbeddedServer(running.settings.state_folder / "prefect" / "server.log")
    import flows.main_job  # noqa: F401  (read while the server starts)

    meanwhile()
    if server is not None:
        from models.registry import Registry

        Registry(running.settings).prepare()
    with prefect_ready(server):
        yield


@contextmanager
def alone(running: Command) -> Iterator[None]:
    """Hold the run lock, with Prefect ready."""
    from flows.alone import run_lock

    with run_lock(running.settings, datetime.now(UTC)), prefect(running):
        yield
