"""Backtests: how good the model would have been on past dates, beside its baselines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd

from flows.command import OUT, Command, step
from flows.printing import LEGEND, print_backtest
from flows.printing_sections import print_sections
from models.backtest import CONTENDERS, Backtest, backtest, document
from models.families import drop_one
from models.manifest import load_model
from models.material import Material
from models.registry import Registry
from pipeline.engines import take_snapshot
from pipeline.errors import SettingsError, TrainingRefused
from pipeline.report.section import About
from pipeline.settings import Settings

YEAR = 365

SHOWN = (*CONTENDERS, "plain")
"""Beside the baselines of every training, boosted trees as the library has them."""


def judge(
    running: Command,
    targets: list[str] | None,
    dated: bool,
    predictions: Path | None,
    *,
    folds: int | None = None,
    ageing: bool = False,
    families: bool = False,
    verbose: bool = False,
) -> None:
    """Backtest the targets and print their folds, pooled and final figures, and what these show.

    Rows recorded up to `--as-of` where it was given (`dated`), else up to today, serve to judge. `folds` and `ageing`
    are as in `backtests`; with `verbose` tables by group and test date are printed too.
    """
    today = running.as_of if dated else running.today
    settings = running.settings
    done = []
    for result in backtests(settings, today, targets, folds=folds, ageing=ageing, families=families):
        done.append(result)
        print_backtest(OUT, result.target, result.plain)
        about = About(result.target, result.risk, settings.money.currency)
        print_sections(OUT, result.plain, about, verbose)
    OUT.print(LEGEND, style="dim", markup=False, highlight=False)
    running.printed |= document(done)
    if predictions is not None:
        frame = pd.concat([result.predictions.assign(target=result.target) for result in done], ignore_index=True)
        try:
            frame.to_parquet(predictions, index=False)
        except OSError as error:
            raise SettingsError(f"--predictions {predictions} cannot be written: {error.strerror or error}") from None


def backtests(
    settings: Settings,
    today: date,
    targets: list[str] | None,
    *,
    folds: int | None = None,
    ageing: bool = False,
    families: bool = False,
) -> Iterator[Backtest]:
    """Yield the backtest of each target, on rows recorded up to `today`; raise TrainingRefused when all are refused.

    `folds` asks for so many test dates instead of those of the config, see `many_folds`; `ageing` for the figures of
    models that are up to a year old, for which test dates over more than a year are taken where `folds` is not given.
    Beside the baselines stand LightGBM as it comes and, on test dates later than its training, the champion.
    """
    if ageing and folds is None:
        folds = -(-YEAR // settings.evaluate.every_days) + 1
    if folds is not None:
        settings, today = many_folds(settings, today, folds)
    registry = Registry(settings)
    material = Material.of(settings, take_snapshot(settings, today))
    for name, reason in material.left_out.items():
        step(f"target   {name} is left out: it {reason}")
    refused: list[str] = []
    asked = targets or list(material.targets)
    for name in asked:
        try:
            serving = registry.champion(name)
            champion = None if serving is None else load_model(serving.folder, serving.digest)
            target = material.target(name)
            result = backtest(material, target, today, SHOWN, champion, ageing=ageing, profit=True)
            if families:
                result = replace(result, plain={**result.plain, "families": drop_one(material, target, today)})
            yield result
        except TrainingRefused as refusal:
            step(f"backtest {name}: refused. {refusal}")
            refused.append(str(refusal))
    if len(refused) == len(asked):
        raise TrainingRefused("; ".join(refused))


def many_folds(settings: Settings, today: date, folds: int) -> tuple[Settings, date]:
    """Return settings that ask for `folds` test dates, `[evaluate] every_days` apart, and the day up to which to judge.

    Dates that the config names are left aside. A final fold that it keeps apart stays unseen: no label is taken from
    later than its day.
    """
    asked = settings.evaluate
    until = today if asked.final is None else min(today, asked.final)
    wanted = asked.model_copy(update={"folds": (), "n_folds": folds, "final": None})
    return settings.model_copy(update={"evaluate": wanted}), until
