"""The `keepgrow` command. Anything heavy is imported inside the command that needs it."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from flows import surroundings
from flows.command import Command, check_failed, command, speaking, step

app = typer.Typer(
    help="Which accounts should each account manager call today, about what, and why.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Config = Annotated[Path, typer.Option("--config", "-c", metavar="FILE", help="The config file.")]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="YYYY-MM-DD", help="Default: as_of under run in the config, else today."),
]
Json = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Write what is printed as data; - is stdout.")
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more, and show tracebacks.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Do everything but register, publish and export.")]
Targets = Annotated[
    list[str] | None, typer.Option("--target", "-t", metavar="NAME", help="Only this target; may be repeated.")
]
Retrospective = Annotated[bool, typer.Option(help="Allow a model that is newer than the as_of; never published.")]
Predictions = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write every out-of-time prediction as Parquet.")
]
Folder = Annotated[Path, typer.Option(help="Where the company and everything made from it go.")]
CONFIG = Path("keepgrow.toml")


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
        with _prefect(running, lambda: make(folder, accounts, years)):
            from flows.main_job import run as flow

            result = flow(str(running.config), running.as_of)
        finish(running, result, folder)


@app.command()
def validate(config: Config = CONFIG, as_of: AsOf = None, json: Json = None, verbose: Verbose = False) -> None:
    """Check the tables against the contract; errors exit with 2."""
    with command("validate", config, as_of=as_of, json_file=json, verbose=verbose) as running:
        from flows.checking import check

        if not check(running):
            raise SystemExit(2)


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
    with command("run", config, as_of=as_of, json_file=json, verbose=verbose) as running, _prefect(running):
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
    with command("build", config, as_of=as_of, json_file=json, verbose=verbose) as running, _prefect(running):
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
    with command("train", config, as_of=as_of, json_file=json, verbose=verbose) as running, _alone(running):
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
    dry_run: DryRun = False,
    json: Json = None,
    verbose: Verbose = False,
) -> None:
    """Score the accounts with the champions and rank them; nothing is published yet."""
    with command("score", config, as_of=as_of, json_file=json, verbose=verbose) as running, _alone(running):
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
    with command("publish", config, as_of=as_of, json_file=json, verbose=verbose) as running, _alone(running):
        from flows.publish_lists import publish as flow

        names = target or list(running.settings.targets)
        running.printed["published"] = flow(str(running.config), running.as_of, names, dry_run)
        _show_published(running, running.printed["published"], top)


@app.command()
def backtest(
    config: Config = CONFIG,
    as_of: AsOf = None,
    target: Targets = None,
    predictions: Predictions = None,
    json: Json = None,
    verbose: Verbose = False,
) -> None:
    """Evaluate on past dates, refitting at each: the model and its baselines, with intervals.

    All rows recorded up to --as-of (default: today) serve to judge; each fold sees only what was known at its date.
    """
    with command("backtest", config, as_of=as_of, json_file=json, verbose=verbose) as running:
        from flows.judging import judge

        judge(running, target, as_of is not None, predictions)


@app.command()
def features(config: Config = CONFIG, as_of: AsOf = None, json: Json = None, verbose: Verbose = False) -> None:
    """List the features that these tables give: name, family, table, window, unit, what an empty window gives."""
    with command("features", config, as_of=as_of, json_file=json, verbose=verbose) as running:
        from flows.checking import list_features

        list_features(running)


@app.command()
def runs(config: Config = CONFIG, target: Targets = None, json: Json = None, verbose: Verbose = False) -> None:
    """List what was published, the latest first."""
    with command("runs", config, json_file=json, verbose=verbose) as running:
        from flows.reading import list_runs

        list_runs(running, target)


@app.command()
def show(
    target: Annotated[str, typer.Argument(help="The target, for example churn.")],
    manager: Annotated[str | None, typer.Option("--manager", "-m", help="Only this account manager's rows.")] = None,
    top: Annotated[int | None, typer.Option(min=1, help="Only the first rows.")] = None,
    config: Config = CONFIG,
    json: Json = None,
    verbose: Verbose = False,
) -> None:
    """Show the published list of a target."""
    with command("show", config, json_file=json, verbose=verbose) as running:
        from flows.reading import show_list

        show_list(running, target, manager, top)


@contextmanager
def _prefect(running: Command, meanwhile: Callable[[], None] = lambda: None) -> Iterator[None]:
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
def _alone(running: Command) -> Iterator[None]:
    """Hold the run lock, with Prefect ready."""
    from flows.alone import run_lock

    with run_lock(running.settings, datetime.now(UTC)), _prefect(running):
        yield


def _built(running: Command) -> dict[str, Any]:
    from flows.build_features import build as flow

    return flow(str(running.config), running.as_of)


def _show_published(running: Command, published: list[dict[str, Any]], top: int) -> None:
    from flows.reading import check_sinks, show_published

    for result in published:
        show_published(running, result, top)
    check_sinks(published)
    step(f"done     state in {running.settings.state_folder}")


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
