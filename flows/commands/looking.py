"""Commands that look and change nothing: validate, features, backtest, monitor, runs, show."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.command import command
from flows.commands.app import CONFIG, Ageing, AsOf, Config, Families, Folds, Json, Predictions, Targets, Verbose, app


@app.command()
def validate(config: Config = CONFIG, as_of: AsOf = None, json: Json = None, verbose: Verbose = False) -> None:
    """Check the tables against the contract; errors exit with 2."""
    with command("validate", config, as_of=as_of, json_file=json, verbose=verbose) as running:
        from flows.checking import check

        if not check(running):
            raise SystemExit(2)


@app.command()
def backtest(
    config: Config = CONFIG,
    as_of: AsOf = None,
    target: Targets = None,
    folds: Folds = None,
    ageing: Ageing = False,
    families: Families = False,
    predictions: Predictions = None,
    json: Json = None,
    verbose: Verbose = False,
) -> None:
    """Evaluate on past dates, refitting at each: the model and its baselines, with intervals.

    All rows recorded up to --as-of (default: today) serve to judge; each fold sees only what was known at its date.
    """
    with command("backtest", config, as_of=as_of, json_file=json, verbose=verbose) as running:
        from flows.judging import judge

        dated = as_of is not None
        judge(running, target, dated, predictions, folds=folds, ageing=ageing, families=families, verbose=verbose)


@app.command()
def monitor(
    config: Config = CONFIG,
    as_of: AsOf = None,
    target: Targets = None,
    fail_on_drift: Annotated[bool, typer.Option("--fail-on-drift", help="Exit with 3 where there is drift.")] = False,
    json: Json = None,
    verbose: Verbose = False,
) -> None:
    """Tell whether what is scored has drifted from what was learnt, and what past lists turned out to be worth."""
    with command("monitor", config, as_of=as_of, json_file=json, verbose=verbose) as running:
        from flows.watching import DRIFTED
        from flows.watching import monitor as watched

        if watched(running, target) and fail_on_drift:
            raise SystemExit(DRIFTED)


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
