"""A Prefect server for the length of one command, where none is configured.

Prefect would start one by itself, but only at the first flow, and after importing its whole server into our process
too. Here it starts as a separate process at once, so that it comes up while our own work is being read, and it goes
when the command does, even when the command is killed: it watches the pipe to its parent.
"""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import KeepgrowError

START_SECONDS = 120
"""A cold start writes the server's tables; on a busy machine that takes its time."""

_SERVE = """
import os, sys, threading
def leave_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)
threading.Thread(target=leave_with_parent, daemon=True).start()
import uvicorn
uvicorn.run("prefect.server.api.server:create_app", factory=True, host="127.0.0.1", port=int(sys.argv[1]),
            log_level="critical", lifespan="on")
"""


class EmbeddedServer:
    """A Prefect server in a process of its own, on a free port of this machine."""

    def __init__(self, log: Path) -> None:
        """Begin the start; `ready` waits for it. What the server prints goes to `log`."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/api"
        self.log = log
        surroundings = {**os.environ, "PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1"}
        surroundings.pop("PREFECT_API_URL", None)
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603  (our own interpreter)
                [sys.executable, "-c", _SERVE, str(port)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=surroundings,
            )
        atexit.register(self.stop)

    def ready(self) -> str:
        """Wait until the server answers, and return its URL.

        Raises KeepgrowError when it ends or stays silent instead.
        """
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/health", timeout=5):  # noqa: S310  (our own loopback URL)
                    return self.url
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.05)
        raise KeepgrowError(
            f"Prefect's embedded server did not start within {START_SECONDS} s; its output is in {self.log}. "
            "Try again, or name a running server with [prefect] api_url."
        )

    def stop(self) -> None:
        """End the server; safe to call again."""
        if self._process.poll() is None:
            self._process.kill()  # its database is SQLite: nothing to save, nothing to lose
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()


def check_answers(url: str) -> None:
    """Raise KeepgrowError when nothing answers at a configured server's address; any answer will do."""
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=10):  # noqa: S310  (the operator's own URL)
            return
    except urllib.error.HTTPError:
        return
    except (urllib.error.URLError, ConnectionError, TimeoutError, ValueError) as error:
        raise KeepgrowError(
            f"the Prefect server at {url} does not answer ({getattr(error, 'reason', error)}). Start it, or mend "
            "[prefect] api_url or PREFECT_API_URL; without either keepgrow brings its own."
        ) from None


@contextmanager
def prefect_ready(server: EmbeddedServer | None) -> Iterator[None]:
    """Run flows against `server`, waiting for it; without one, against the configured server."""
    if server is None:
        yield
        return
    from prefect.settings import (
        PREFECT_API_URL,
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
        temporary_settings,
    )

    from features.computing import compiled, moves, passes, people, purchasing, strands

    compiled.load(
        [each for module in (passes, strands, moves, people, purchasing) for each in vars(module).values()]
    )  # while the server starts there is nothing else to do
    # Heartbeats tell a lasting server that a run has died; one that lives as long as the run learns nothing from
    # them, and stopping them costs every flow a second.
    with temporary_settings({PREFECT_API_URL: server.ready(), PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield
    # The server stays until the process ends: Prefect hands over its last events at exit, before ours ends it.
