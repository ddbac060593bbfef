"""The first commands of a new user: demo, init."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from flows.command import command, speaking
from flows.commands.app import CONFIG, Folder, Json, Verbose, app
from flows.commands.servers import prefect


@app.command()
def demo(
    folder: Folder = Path("keepgrow-demo"),
    accounts: Annotated[int, typer.Option(min=300, max=200_000, help="Accounts of the company.")] = 2000,
    years: Annotated[int, typer.Option(min=2, max=10, help="Years of its history.")] = 2,
    json: Json = None,
    verbose: Verbose = False,
) -> None:
    """Make a synthetic company, run the whole job on it, and show the top of both lists."""
    from flows.demo import finish, make, prepare

    with speaking(verbose):
        config = prepare(folder, accounts, years)
    with command("demo", config, json_file=json, verbose=verbose) as running:
        with prefect(running, lambda: make(folder, accounts, years)):
            from flows.main_job import run as flow

            result = flow(str(running.config), running.as_of)
        finish(running, result, folder)


@app.command()
def init(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Files, folders, globs, or a DuckDB file.", show_default=False),
    ],
    config: Annotated[Path, typer.Option("--config", "-c", metavar="FILE", help="The config to write.")] = CONFIG,
    name: Annotated[str | None, typer.Option(help="Its name; default: the folder's.", show_default=False)] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: take the best guess, and say so.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a config that exists.")] = False,
    json: Json = None,
    verbose: Verbose = False,
) -> None:
    """Look at your tables and write a commented config for them."""
    from flows.discovering import (
        at_terminal,
        check_made,
        check_target,
        chosen_name,
        explore,
        next_steps,
        prompt,
        tell,
        write,
    )

    with speaking(verbose):
        check_target(config, force)
        called = chosen_name(name, config)
        today = datetime.now(UTC).date()
        found = explore(paths, config, prompt if at_terminal() and not yes else None, today)
        settings = write(config, found, called, today)
    with command("init", config, json_file=json, verbose=verbose) as running:
        tell(found)
        sound = check_made(running)
        next_steps(config, settings)
        if not sound:
            raise SystemExit(2)
