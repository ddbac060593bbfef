"""Which as_of dates to learn from and which to test on: folds in time, an embargo apart.

A label may be used once `as_of + gap + horizon + settle_days` has passed, so what trains at T lies at least that
embargo before T. Nothing is ever split at random.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from pipeline.asof import LabelWindow
from pipeline.errors import AsOfError, TrainingRefused
from pipeline.settings import Settings, TrainingSettings


@dataclass(frozen=True)
class Fold:
    """A test date and the training dates whose labels were closed by then, ascending."""

    test: date
    train: tuple[date, ...]
    final: bool = False
    """Reported once and never tuned on."""
    known_by: date | None = None
    """Day by which the labels learnt from are known; None: the test date. Later only where accounts are left out."""


def training_dates(
    training: TrainingSettings, window: LabelWindow, first: date, until: date, lookback: int = 0
) -> list[date]:
    """Return the as_of dates to train on at `until`, ascending: at most `max_dates`, the latest, `every_days` apart.

    All their labels are closed by `until`. With `first_as_of` they are counted from there, otherwise back from the
    last usable date. None is before the tables' `first` day plus `lookback` days (what the cohort looks back on);
    when that leaves none, dates from the day after `first` are taken: the cohort is then what the short history
    shows, which is less than the target means but the best there is. `first_as_of` is taken at its word unless it
    lies before the data.

    Raises TrainingRefused when no date is left, saying what the data cover and what would help.
    """
    last, earliest = window.last_usable(until), first + timedelta(days=1)
    if training.first_as_of is None:
        full = first + timedelta(days=lookback)
        grid = _back_from(last, training.every_days, full) or _back_from(last, training.every_days, earliest)
    else:
        steps = (last - training.first_as_of).days // training.every_days
        grid = [training.first_as_of + timedelta(days=step * training.every_days) for step in range(steps + 1)]
        grid = [day for day in grid if day >= earliest]
    if not grid:
        raise TrainingRefused(_none_usable(training, window, first, until))
    return grid[-training.max_dates :]


def backtest_folds(
    settings: Settings, window: LabelWindow, first: date, data_until: date, lookback: int = 0
) -> list[Fold]:
    """Return the folds of a backtest, ascending by test date, each with its training dates.

    Test dates are `[evaluate] folds` and `final`, or without either `n_folds` dates `every_days` apart, the last the
    last usable one; of these, dates too early to be trained for are left out.

    Raises AsOfError for a configured date whose label is not closed by `data_until` or that nothing can be trained
    for, and TrainingRefused when no date is left.
    """
    asked = settings.evaluate
    if asked.folds or asked.final is not None:
        tests = sorted({*asked.folds, *([asked.final] if asked.final else [])})
        return [_configured(test, settings, window, first, data_until, lookback=lookback) for test in tests]
    last = window.last_usable(data_until)
    folds = []
    for step in reversed(range(asked.n_folds)):
        test = last - timedelta(days=step * asked.every_days)
        try:
            train = training_dates(settings.training, window, first, test, lookback)
        except TrainingRefused:
            continue
        folds.append(Fold(test, tuple(train)))
    if not folds:
        raise TrainingRefused(
            f"no date can be backtested: the tables cover {first} to {data_until}, and a test takes twice the embargo "
            f"of {_embargo(window)}: once before it to train, once after it to judge. Bring more history, or shorten "
            "the horizon."
        )
    return folds


def inner_folds(dates: Sequence[date], window: LabelWindow, at_most: int = 4) -> list[Fold]:
    """Return folds inside the training dates, for the number of rounds and for calibration; often none.

    Each tests one of `dates` and trains on those whose labels were closed by it. At most `at_most` test dates are
    taken, spread evenly over those that have a training date, the last always among them.

    Training dates that span less than the embargo give no fold. Splitting the same dates by account, or shortening the
    embargo, would yield margins that look out-of-time and are not: `models.choosing.folds` chooses on such, and
    calibrates nothing on them.
    """
    ordered = sorted(set(dates))
    folds = [Fold(test, tuple(day for day in ordered if window.closed_by(day, test))) for test in ordered]
    folds = [fold for fold in folds if fold.train]
    if len(folds) <= at_most:
        return folds
    chosen = np.linspace(len(folds) - 1, 0, at_most).round().astype(int)
    return [folds[position] for position in sorted(chosen)]


def _configured(
    test: date, settings: Settings, window: LabelWindow, first: date, data_until: date, *, lookback: int
) -> Fold:
    key = "final" if test == settings.evaluate.final else "folds"
    if not window.closed_by(test, data_until):
        raise AsOfError(
            f"{settings.file}: evaluate.{key}: {test} cannot be tested: its label is closed {_embargo(window)} later, "
            f"and the tables are complete up to {data_until}. The last date that can is "
            f"{window.last_usable(data_until)}."
        )
    try:
        train = training_dates(settings.training, window, first, test, lookback)
    except TrainingRefused as refusal:
        raise AsOfError(f"{settings.file}: evaluate.{key}: nothing can be trained for {test}: {refusal}") from None
    return Fold(test, tuple(train), final=key == "final")


def _back_from(last: date, every_days: int, earliest: date) -> list[date]:
    steps = (last - earliest).days // every_days
    return [last - timedelta(days=step * every_days) for step in range(steps, -1, -1)]


def _embargo(window: LabelWindow) -> str:
    return f"{window.embargo} days (gap {window.gap} + horizon {window.horizon} + settle_days {window.settle_days})"


def _none_usable(training: TrainingSettings, window: LabelWindow, first: date, until: date) -> str:
    anchored = "" if training.first_as_of is None else f" from first_as_of {training.first_as_of} on"
    return (
        f"no as_of is usable for training{anchored}: the tables cover {first} to {until}, and a label may be used "
        f"{_embargo(window)} after its as_of, so the last usable as_of is {window.last_usable(until)}. Bring more "
        "history, run at a later as_of, or shorten the horizon."
    )
