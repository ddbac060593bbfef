"""The main job and its steps: run, build, train, score, publish."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from flows.command import Command, check_failed, command, step
from flows.commands.app import CONFIG, AsOf, Config, DryRun, Json, Retrospective, Targets, Verbose, app
from flows.commands.servers import alone, prefect


@app.command()
def run(
    config: Config = CONFIG,
    as_of: AsOf = None,
    target: Targets = None,
    retrain: Annotated[bool, typer.Option(help="Train even where no training is due.")] = False,
    dry_run: DryRun = False,
    top: Annotated[int, typer.Option(min=0, help="Rows of each list to print.")] = 10,
    json: Json = None,
    verbose: Verbose = False,
) -> None:
    """Do the main job: build, train where due, score, publish."""
    with command("run", config, as_of=as_of, json_file=json, verbose=verbose) as running, prefect(running):
        from flows.main_job import run as flow

        result = flow(str(running.config), running.as_of, target, retrain, dry_run)
        running.printed |= result
        _show_published(running, result["published"], top)
        check_failed(result["failed"])
        for reason in result["refused"]:
            step(f"no list  {reason}")


@app.command()
def build(config: Config = CONFIG, as_of: AsOf = None, json: Json = None, verbose: Verbose = False) -> None:
    """Read the tables and build features at the as_of; the first step of run."""
    with command("build", config, as_of=as_of, json_file=json, verbose=verbose) as running, prefect(running):
        running.printed |= _built(running)


@app.command()
def train(
    config: Config = CONFIG,
    as_of: AsOf = None,
    target: Targets = None,
    dry_run: DryRun = False,
    json: Json = None,
    verbose: Verbose = False,
) -> None:
    """Train, evaluate and, where the evaluation allows, promote."""
    with command("train", config, as_of=as_of, json_file=json, verbose=verbose) as running, alone(running):
        from flows.train_models import train as flow
        from pipeline.errors import TrainingRefused

        built = _built(running)
        results = flow(str(running.config), running.as_of, built["snapshot"], target or built["targets"], True, dry_run)
        running.printed["trained"] = results
        refused = [result["reason"] for result in results if result["outcome"] == "refused"]
        if len(refused) == len(results):
            raise TrainingRefused("; ".join(refused))


@app.command()
def score(
    config: Config = CONFIG,
    as_of: AsOf = None,
    target: Targets = None,
    retrospective: Retrospective = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the scores of all accounts there: .csv or .parquet.")
    ] = None,
    dry_run: DryRun = False,
    json: Json = None,
    verbose: Verbose = False,
) -> None:
    """Score the accounts with the champions and rank them; nothing is published yet."""
    with command("score", config, as_of=as_of, json_file=json, verbose=verbose) as running:
        if out is not None:
            from pipeline.scores_file import check_scores_file

            check_scores_file(out)
        _score(running, target, retrospective, out, dry_run)


def _score(running: Command, target: list[str] | None, retrospective: bool, out: Path | None, dry_run: bool) -> None:
    with alone(running):
        from flows.score_accounts import score as flow

        built = _built(running)
        running.printed["scored"] = results = flow(
            str(running.config),
            running.as_of,
            built["snapshot"],
            dict.fromkeys(target or built["targets"]),
            retrospective,
            dry_run,
        )
        check_failed([result["error"] for result in results if "error" in result])
        if out is not None:
            from flows.batch import write_out

            listed = [result["target"] for result in results]
            write_out(str(running.config), running.as_of, listed, str(out), dry_run)


@app.command()
def publish(
    config: Config = CONFIG,
    as_of: AsOf = None,
    target: Targets = None,
    dry_run: DryRun = False,
    top: Annotated[int, typer.Option(min=0, help="Rows of each list to print.")] = 10,
    json: Json = None,
    verbose: Verbose = False,
) -> None:
    """Publish the lists that `keepgrow score` made for the as_of, and export them."""
    with command("publish", config, as_of=as_of, json_file=json, verbose=verbose) as running, alone(running):
        from flows.publish_lists import publish as flow

        names = target or list(running.settings.targets)
        running.printed["published"] = flow(str(running.config), running.as_of, names, dry_run)
        _show_published(running, running.printed["published"], top)


def _built(running: Command) -> dict[str, Any]:
    from flows.build_features import build as flow

    return flow(str(running.config), running.as_of)


def _show_published(running: Command, published: list[dict[str, Any]], top: int) -> None:
    from flows.reading import check_sinks, show_published

    for result in published:
        show_published(running, result, top)
    check_sinks(published)
    step(f"done     state in {running.settings.state_folder}")
