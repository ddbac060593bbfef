"""The `keepgrow` command: every command, and how the process ends."""

from __future__ import annotations

import atexit
import os
import sys

from flows import surroundings
from flows.commands import jobs, looking, past, start  # noqa: F401  (each adds its commands, in the order help shows them)
from flows.commands.app import app


def main() -> None:
    """Run the command line; the entry point of the package."""
    surroundings.quiet()
    try:
        app()
    except SystemExit as end:
        if not end.code:
            raise
        # After an error DuckDB's binding prints forty lines about objects that Prefect's threads still hold when the
        # interpreter is taken down; everything of ours ends here, so that the one message stays the last word.
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code if isinstance(end.code, int) else 1)


if __name__ == "__main__":
    main()
