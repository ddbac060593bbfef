"""What each family of features earns and costs: the model refitted without it, on the same folds.

A family is what features declare (volume, recency, lateness). It earns what is lost when it is left out; what others
tell as well is not lost, so a family that earns nothing alone may still not be spared together with another.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.engine import build_features, peers_in
from features.spec import Feature
from models.backtest import Source
from models.bootstrap import Resamples, interval, replicates_for
from models.dataset import Dataset
from models.evaluate import EXPECTED_VALUE, PROBABILITY, evaluate
from models.split import backtest_folds
from models.targets import Target
from models.train import fit_recipe
from pipeline.errors import TrainingRefused
from pipeline.history import History
from pipeline.progress import track
from pipeline.settings import Settings

Floats = NDArray[np.float64]

WHOLE = "whole"
"""Names the predictions of the model that looks at every family."""


class Book(Source, Protocol):
    """What the report asks of a firm's data beside what a backtest asks."""

    def histories(self) -> Iterable[History]: ...


def families_of(features: Sequence[Feature]) -> dict[str, tuple[Feature, ...]]:
    """Return the features of each family, in catalogue order."""
    found: dict[str, list[Feature]] = {}
    for feature in features:
        found.setdefault(feature.family, []).append(feature)
    return {family: tuple(of) for family, of in found.items()}


def without(data: Dataset, features: Sequence[Feature]) -> Dataset:
    """Return the same rows with these features alone."""
    return replace(data, features=data.features[[feature.name for feature in features]], matrix=None)


def drop_one(book: Book, target: Target, today: date, recipe: str = "model") -> dict[str, Any]:
    """Return what the model loses on the earlier folds without each family of features, and what the family costs.

    Every fold is trained and tested as in `models.backtest.backtest`, once on all features and once without each
    family; the final fold is never looked at. Rows of a large book are sampled as for training, and count for those
    they stand for in training alone. The result holds `n`, `positives`, `folds` (dates), `seconds` and `families`: per
    family `features` (how many), `cost` (its share of the seconds that computing takes), and `auc` and `log_loss`,
    each the loss without it with its paired account-bootstrap interval (positive: it earns), best first.

    Raises TrainingRefused when no fold can be trained.
    """
    settings = book.settings
    until = book.data_until(target, today)
    folds = backtest_folds(settings, target.window, book.first_day(target), until, target.lookback)
    folds = [fold for fold in folds if not fold.final]
    book.build(sorted({day for fold in folds for day in (*fold.train, fold.test)}))
    families = families_of(book.features)
    rows, refused = [], ""
    for fold in folds:
        train = book.dataset(target, fold.train, known_by=fold.test)
        test = book.dataset(target, [fold.test], known_by=until)
        told = test.rows[["account_id", "as_of", "label", "realised"]].copy()
        try:
            for family in track((WHOLE, *families), f"without {target.name} {fold.test}"):
                kept = [feature for feature in book.features if feature.family != family]
                model = fit_recipe(recipe, without(train, kept), target, kept, settings, fold.test)
                told[PROBABILITY.format(family)] = model.probability(without(test, kept).features)
        except TrainingRefused as refusal:
            refused = str(refusal)
            continue
        rows.append(told)
    if not rows:
        raise TrainingRefused(f"no fold of target '{target.name}' can be tested. {refused}")
    earned = losses(pd.concat(rows, ignore_index=True), list(families), settings)
    seconds = costs(book, families, folds[-1].test)
    whole = sum(seconds.values()) or 1.0
    parts: list[dict[str, Any]] = [
        {"family": family, "features": len(of), "cost": seconds[family] / whole, **earned[family]}
        for family, of in families.items()
    ]
    return {
        "n": sum(map(len, rows)),
        "positives": int(sum(part["label"].sum() for part in rows)),
        "folds": [str(part["as_of"].iloc[0].date()) for part in rows],
        "seconds": sum(seconds.values()),
        "families": sorted(parts, key=lambda part: (-(part["auc"]["value"] or 0.0), part["family"])),
    }


def losses(rows: pd.DataFrame, families: Sequence[str], settings: Settings) -> dict[str, dict[str, Any]]:
    """Return per family the AUC of the whole model minus that without it, and its log-loss the other way round.

    `rows` has account_id, as_of, label, realised, and `<family>_probability` and `whole_probability`. Both figures are
    {"value", "low", "high"}, paired: each replicate of the account bootstrap measures both on the same accounts.
    """
    replicates, seed = replicates_for(settings.evaluate.bootstrap, len(rows)), settings.run.seed
    contenders = (WHOLE, *families)
    measured = evaluate(
        rows.assign(**{EXPECTED_VALUE.format(each): rows[PROBABILITY.format(each)] for each in contenders}),
        contenders, capacity=settings.evaluate.capacity, replicates=replicates, seed=seed, metrics=("auc",),
    )  # fmt: skip
    label = rows["label"].to_numpy(np.float64)
    points = {each: _log_loss(label, rows[PROBABILITY.format(each)].to_numpy()) for each in contenders}
    differences = np.column_stack([points[family] - points[WHOLE] for family in families])
    drawn = [
        block @ differences / block.sum(axis=1, keepdims=True)
        for block in Resamples(rows["account_id"].to_numpy(), replicates, seed).blocks()
    ]
    resampled = np.concatenate(drawn)
    return {
        family: {
            "auc": measured.difference(WHOLE, family, "auc").plain(),
            "log_loss": interval(float(differences[:, place].mean()), resampled[:, place]).plain(),
        }
        for place, family in enumerate(families)
    }


def costs(book: Book, families: Mapping[str, Sequence[Feature]], as_of: date) -> dict[str, float]:
    """Return the seconds of processor time that each family takes by itself, on the first bucket at one as_of.

    What families share, such as picking rows, counts for each. Features that look at peers are not timed: 0.
    """
    history = next(iter(book.histories()))
    timed = {family: [each for each in of if not peers_in([each])] for family, of in families.items()}
    build_features(history, [as_of], [each for of in timed.values() for each in of])  # compiles what is not yet
    seconds = {}
    for family, of in timed.items():
        began = time.process_time()
        build_features(history, [as_of], of)
        seconds[family] = time.process_time() - began
    return seconds


def _log_loss(label: Floats, probability: Floats) -> Floats:
    told = np.clip(probability, 1e-9, 1 - 1e-9)
    return -(label * np.log(told) + (1 - label) * np.log1p(-told))
