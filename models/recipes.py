"""Recipes: which members make a model. The champion's, and the two baselines that always stand beside it.

Members are combined on the log-odds scale with weights fixed here, so that each yields additive contributions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.spec import Feature
from models import linear
from models.boosting import Growing, default_rounds, is_few, parameters
from models.leaf_counts import weighted_counts
from models.scorer import Additive
from models.targets import Target
from models.thinning import thinned
from pipeline.errors import TrainingRefused

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]


@dataclass(frozen=True)
class Recipe:
    """A mixture on the log-odds scale of boosted trees, of this weight, and of the regularised logistic's curves."""

    name: str
    few: float
    """Weight of the trees when trained on few rows (see `models.boosting`)."""
    many: float
    recency_alone: bool = False
    """The logistic looks at one feature, log(1 + days since the last purchase or interaction)."""


RECIPES: Mapping[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        # Trees draw ahead of curves as rows become many: level with a few thousand, far ahead with 100,000.
        Recipe("model", few=0.6, many=0.85),
        Recipe("logistic", few=0.0, many=0.0),
        Recipe("recency", few=0.0, many=0.0, recency_alone=True),
    )
}


@dataclass(frozen=True)
class Encoded:
    """Rows as numbers. Parts of them (`take`) share the numbers until they are asked for (`matrix`)."""

    numbers: Floats
    """(rows, features) of all rows there are."""
    label: Labels
    names: tuple[str, ...]
    categories: Mapping[str, int]
    """Category feature -> how many categories it has a code for."""
    weight: Floats | None = None
    """How many rows each row counts for; None: itself."""
    picked: NDArray[np.intp] | None = None
    """Which rows of `numbers` these are; None: all."""

    @property
    def matrix(self) -> Floats:
        """The (rows, features) matrix of these rows, copied at each call unless they are all there are."""
        return self.numbers if self.picked is None else self.numbers[self.picked]

    def column(self, position: int) -> Floats:
        """Return one feature of these rows."""
        values = self.numbers[:, position]
        return values if self.picked is None else values[self.picked]

    def take(self, mask: NDArray[np.bool_]) -> Encoded:
        """Return the rows that a mask picks."""
        return self._at(np.flatnonzero(mask))

    def thinned(self) -> Encoded:
        """Return as many of the rows, evenly spread, as curves are fitted to (see `models.thinning`)."""
        rows = thinned(np.arange(len(self.label)))
        return self if len(rows) == len(self.label) else self._at(rows)

    def _at(self, rows: NDArray[np.intp]) -> Encoded:
        picked = rows if self.picked is None else self.picked[rows]
        weight = None if self.weight is None else self.weight[rows]
        return Encoded(self.numbers, self.label[rows], self.names, self.categories, weight, picked)


@dataclass(frozen=True)
class Later:
    """Margins of the rows of inner test dates, by members trained before them at the number of rounds chosen."""

    rounds: int
    margin: Floats
    label: Labels
    folds: int
    weight: Floats | None = None


class Learning:
    """Rows to learn from and their inner folds in time, with the members trained on them.

    Recipes share it: what 'logistic' is made of is also a member of 'model', and is trained once.
    """

    def __init__(self, rows: Encoded, folds: Sequence[tuple[Encoded, Encoded]], threads: int, seed: int) -> None:
        self.rows, self.folds, self._threads, self._seed = rows, folds, threads, seed
        self._curves: dict[tuple[int | None, str | None], bytes] = {}

    def grow(self, fold: int | None) -> Growing:
        """Return trees to be grown on a fold's first part; on all rows for None."""
        rows = self._rows(fold)
        positions = [rows.names.index(name) for name in rows.categories]
        # A fold has fewer rows, but its number of rounds is for trees of the final model's size.
        chosen = parameters(len(self.rows.label), self._threads, self._seed)
        return Growing(rows.matrix, rows.label, positions, chosen, rows.weight)

    def trees(self, rounds: int) -> tuple[bytes, int]:
        """Return trees grown on all rows, as text, and their rounds: those asked for, or as many as could be grown."""
        growing = self.grow(None)
        text, rounds = growing.text(rounds), min(rounds, growing.rounds)
        del growing  # before the rows are looked at again
        if self.rows.weight is not None:
            threads = parameters(len(self.rows.label), self._threads, self._seed)["num_threads"]
            text = weighted_counts(text, self.rows.matrix, self.rows.weight, threads)
        return text, rounds

    def curves(self, fold: int | None, alone: str | None) -> bytes:
        """Return the logistic trained on a fold's first part, on all features or on log(1 + x) of one `alone`."""
        if (fold, alone) not in self._curves:
            rows = self._rows(fold)
            if alone is None:
                terms = linear.terms_for(rows.matrix, rows.names, rows.categories)
            else:
                terms = [linear.log_term(rows.matrix, rows.names, alone)]
            rows = rows.thinned()
            self._curves[fold, alone] = linear.fit_logistic(rows.matrix, rows.label, terms, weight=rows.weight)
        return self._curves[fold, alone]

    def _rows(self, fold: int | None) -> Encoded:
        return self.rows if fold is None else self.folds[fold][0]


@dataclass(frozen=True)
class Maker:
    """Trains a recipe's members; `recency` is the feature that the recency rule looks at."""

    recipe: Recipe
    recency: str | None
    learning: Learning

    @property
    def trees(self) -> float:
        """The weight of the trees; the curves have the rest."""
        return self.recipe.few if is_few(len(self.learning.rows.label)) else self.recipe.many

    def later(self) -> Later:
        """Train on each fold's first part, stop early on its second, and return margins at the median of the rounds.

        Without folds the rounds are the default for as many rows.
        """
        folds = self.learning.folds
        grown, best = [], []
        for fold, (_, test) in enumerate(folds if self.trees else []):
            trees = self.learning.grow(fold)
            best.append(trees.stop_early(test.matrix, test.label, weight=test.weight))
            grown.append(trees.grown())
            del trees  # before the next ones are begun
        rounds = round(median(best)) if best else default_rounds(len(self.learning.rows.label))
        margins = []
        for fold, (train, test) in enumerate(folds):
            margin, matrix = np.zeros(len(test.label)), test.matrix
            if self.trees:
                # One that stopped early is seldom grown on: then it begins anew, to the same trees.
                trees = grown[fold] if rounds <= grown[fold].rounds else self.learning.grow(fold)
                margin += self.trees * trees.margin(matrix, rounds)
            if self.trees < 1:
                curves = Additive(json.loads(self.learning.curves(fold, self.recency)), list(train.names))
                margin += (1 - self.trees) * curves.margin(matrix)
            margins.append(margin)
        labels = [test.label for _, test in folds]
        weights = [test.weight for _, test in folds if test.weight is not None]
        return Later(
            rounds,
            _joined(margins),
            _joined(labels).astype(np.int8),
            len(folds),
            np.concatenate(weights) if weights else None,
        )

    def members(self, rounds: int) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
        """Return the manifest's entries and the files of the members, trained on all rows."""
        listed: list[dict[str, Any]] = []
        files = {}
        if self.trees:
            files["trees.txt"], rounds = self.learning.trees(rounds)
            listed.append({"kind": "trees", "file": "trees.txt", "weight": self.trees, "rounds": rounds})
        if self.trees < 1:
            files["curves.json"] = self.learning.curves(None, self.recency)
            listed.append({"kind": "curves", "file": "curves.json", "weight": (1 - self.trees)})
        return listed, files


def recency_feature(features: Sequence[Feature], target: Target, rows: Encoded) -> str:
    """Return the feature that counts days since the last purchase or interaction.

    Of those declared in the family recency it is one of the tables that the target reads, where there is one, and the
    most often filled. Raises TrainingRefused when there is none.
    """
    days = [
        (position, feature)
        for position, feature in enumerate(features)
        if feature.family == "recency" and feature.unit == "days"
    ]
    if not days:
        raise TrainingRefused(
            f"target '{target.name}': the recency rule needs days since the last purchase or interaction, and no "
            "feature of the family recency is there. Map the table invoices or interactions."
        )
    read = [(position, feature) for position, feature in days if feature.table in target.reads] or days
    weight = np.ones(len(rows.label)) if rows.weight is None else rows.weight
    return min(read, key=lambda pair: float(weight @ np.isnan(rows.column(pair[0]))))[1].name


def _joined(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0)
