"""Backtests: how good the model would have been on past dates, beside its baselines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd

from flows.command import OUT, Command, step
from flows.printing import LEGEND, print_backtest
from models.backtest import Backtest, backtest, document
from models.material import Material
from pipeline.engines import take_snapshot
from pipeline.errors import SettingsError, TrainingRefused
from pipeline.settings import Settings


def judge(running: Command, targets: list[str] | None, dated: bool, predictions: Path | None) -> None:
    """Backtest the targets and print their folds, pooled and final figures.

    Rows recorded up to `--as-of` where it was given (`dated`), else up to today, serve to judge.
    """
    today = running.as_of if dated else running.today
    done = []
    for result in backtests(running.settings, today, targets):
        done.append(result)
        print_backtest(OUT, result.target, result.plain)
    OUT.print(LEGEND, style="dim", markup=False, highlight=False)
    running.printed |= document(done)
    if predictions is not None:
        frame = pd.concat([result.predictions.assign(target=result.target) for result in done], ignore_index=True)
        try:
            frame.to_parquet(predictions, index=False)
        except OSError as error:
            raise SettingsError(f"--predictions {predictions} cannot be written: {error.strerror or error}") from None


def backtests(settings: Settings, today: date, targets: list[str] | None) -> Iterator[Backtest]:
    """Yield the backtest of each target, on rows recorded up to `today`; raise TrainingRefused when all are refused."""
    material = Material.of(settings, take_snapshot(settings, today))
    for name, reason in material.left_out.items():
        step(f"target   {name} is left out: it {reason}")
    refused: list[str] = []
    asked = targets or list(material.targets)
    for name in asked:
        try:
            yield backtest(material, material.target(name), today)
        except TrainingRefused as refusal:
            step(f"backtest {name}: refused. {refusal}")
            refused.append(str(refusal))
    if len(refused) == len(asked):
        raise TrainingRefused("; ".join(refused))
