"""Commands about what was: explain, rebuild, rollback."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.command import command
from flows.commands.app import CONFIG, AsOf, Config, Json, Targets, Verbose, app


@app.command()
def explain(
    account: Annotated[str, typer.Argument(help="The account's id.")],
    target: Targets = None,
    as_of: AsOf = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="Say what changed since this run. Default: since the list before."),
    ] = None,
    config: Config = CONFIG,
    json: Json = None,
    verbose: Verbose = False,
) -> None:
    """Show one account: its scores, reasons and features, and what changed between two lists.

    --json gives every feature and every contribution.
    """
    with command("explain", config, as_of=as_of, json_file=json, verbose=verbose) as running:
        from flows.explaining import explain_one

        explain_one(running, account, target, since)


@app.command()
def rebuild(
    run: Annotated[str, typer.Argument(help="The run's id, or the beginning of it; `keepgrow runs` lists them.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the file that a CSV sink kept.")] = None,
    config: Config = CONFIG,
    json: Json = None,
    verbose: Verbose = False,
) -> None:
    """Give a past list again, byte for byte as it was published, as CSV.

    Standard output gets the canonical CSV, of which the store keeps the SHA-256. --out writes that with a byte order
    mark in front, as the CSV sink's file of the run has it.
    """
    with command("rebuild", config, json_file=json, verbose=verbose) as running:
        from flows.going_back import rebuild_list
        from pipeline.errors import SettingsError

        if out is None and str(json) == "-":
            raise SettingsError("--json - and the list cannot both go to standard output; name a file for one of them")
        rebuild_list(running, run, out)


@app.command()
def rollback(
    target: Annotated[str, typer.Argument(help="The target, for example churn.")],
    run: Annotated[str | None, typer.Argument(help="The run to go back to, or the beginning of its id.")] = None,
    release: Annotated[bool, typer.Option("--release", help="Show new lists again.")] = False,
    author: Annotated[str | None, typer.Option(metavar="NAME", help="Who does it. Default: your user name.")] = None,
    config: Config = CONFIG,
    json: Json = None,
    verbose: Verbose = False,
) -> None:
    """Show an earlier list of a target again, and keep later ones back until --release."""
    with command("rollback", config, json_file=json, verbose=verbose) as running:
        from flows.going_back import go_back

        go_back(running, target, run, release, author)
