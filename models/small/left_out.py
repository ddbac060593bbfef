"""A backtest's fold with accounts left out: each account's rows are scored by models that learnt from others alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd

from features.spec import Feature
from models.dataset import Dataset
from models.evaluate import EXPECTED_VALUE, PROBABILITY
from models.manifest import FittedModel
from models.small.groups import GROUPS, group_of
from models.small.size import is_small
from models.split import Fold, training_dates
from models.targets import Target
from models.train import fit_recipes
from pipeline.errors import TrainingRefused
from pipeline.settings import Settings

WITHOUT = "{} without group {}"

SAME_DATES = 4
"""Test dates taken, at most, where there is none after those learnt from."""


def models_left_out(
    names: Sequence[str], train: Dataset, target: Target, features: Sequence[Feature], settings: Settings, until: date
) -> dict[str, FittedModel]:
    """Return each recipe fitted without each group of accounts, for a small book; for a larger one none.

    Raises TrainingRefused when one label belongs to a single group.
    """
    if not is_small(train, settings):
        return {}
    # What is too little for the whole was said of the whole.
    asked = settings.model_copy(update={"training": settings.training.model_copy(update={"min_positives": 1})})
    group = group_of(train.rows["account_id"].to_numpy())
    made = {}
    for left in range(GROUPS):
        kept = group != left
        others = Dataset(train.rows[kept].reset_index(drop=True), train.features[kept].reset_index(drop=True))
        fitted = fit_recipes(names, others, target, features, asked, until, small=True, with_bands=False)
        made |= {WITHOUT.format(name, left): model for name, model in fitted.items()}
    return made


def gathered(judged: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return the rows with each recipe's predictions taken from the model without the account, and its `group`."""
    group = group_of(judged["account_id"].to_numpy())
    columns: dict[str, Any] = {"group": group}
    beside = []
    for form in (PROBABILITY, EXPECTED_VALUE):
        for name in names:
            theirs = [form.format(WITHOUT.format(name, left)) for left in range(GROUPS)]
            columns[form.format(name)] = judged[theirs].to_numpy(float)[range(len(judged)), group]
            beside += theirs
    return judged.assign(**columns).drop(columns=beside)


def folds_of_accounts(settings: Settings, target: Target, first: date, until: date) -> list[Fold]:
    """Return folds that test on the dates learnt from, for other accounts alone: not out of time, and said so.

    For a history too short for a test after training. Raises TrainingRefused when no label window has closed.
    """
    days = training_dates(settings.training, target.window, first, until, target.lookback)
    tested = days[:: -max(1, -(-len(days) // SAME_DATES))][::-1]
    return [Fold(day, tuple(days), known_by=until) for day in tested]


def check_small(fold: Fold, train: Dataset, settings: Settings) -> None:
    """Check that a fold that is not out of time is of a small book; raise TrainingRefused otherwise."""
    if fold.known_by is not None and not is_small(train, settings):
        raise TrainingRefused(
            "the history is too short for a test date after training, and the book is not small, so that more history "
            "is worth waiting for: see [training] small_accounts."
        )
