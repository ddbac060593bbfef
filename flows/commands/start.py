"""The first commands of a new user: demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.command import command, speaking
from flows.commands.app import Folder, Json, Verbose, app
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
