"""Trains members, once each, on inner folds and on all rows, for the candidates that are made of them.

A candidate's margin is the weighted sum of its members' on the log-odds scale, so that each yields additive
contributions, and candidates that share a member share its training.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import linear
from models.boosting import MOST_ROUNDS, STYLES, TUNED, Growing, Grown, default_rounds, parameters
from models.choosing.candidates import Candidate, Part
from models.leaf_counts import weighted_counts
from models.monotone import held
from models.rows import Encoded
from models.scorer import Additive

Floats = NDArray[np.float64]
Folds = Sequence[tuple[Encoded, Encoded]]

FEWEST_OF_SHARE = 20
"""Rows of either label of a share of the window without which nothing is learnt from it."""


@dataclass(frozen=True)
class Later:
    """A candidate's margins of the rows that inner folds judge on, by members trained on the others."""

    margin: Floats
    label: NDArray[np.int8]
    folds: int
    weight: Floats | None = None

    @classmethod
    def none(cls, folds: int) -> Later:
        """Return no margins, of folds too few to tell anything."""
        return cls(np.empty(0), np.empty(0, np.int8), folds)


class Members:
    """Members trained on rows and on the inner folds of these rows; `recency` is the feature the rule looks at.

    `monotone` is -1, 0 or 1 per feature: in which direction alone trees may move with it (see `models.monotone`);
    `tuned` are settings of LightGBM that tuning chose for trees of that style.
    """

    def __init__(
        self,
        rows: Encoded,
        folds: Folds,
        threads: int,
        seed: int,
        recency: str | None = None,
        monotone: Sequence[int] = (),
        tuned: Mapping[str, Any] | None = None,
    ) -> None:
        self.rows, self.folds, self.recency = rows, folds, recency
        self._threads, self._seed, self._monotone = threads, seed, list(monotone)
        self._tuned = dict(tuned or {})
        self._curves: dict[tuple[int | None, Part], bytes] = {}
        self._margins: dict[tuple[int, Part], Floats] = {}
        self._rounds: dict[Part, int] = {}

    def can_learn(self, share: float) -> bool:
        """Whether all rows, and both parts of each fold, have some rows of either label of a share of the window.

        Where everybody buys on the same day of the month, hardly anybody may have bought by then.
        """
        if self.rows.waited is None:
            return False
        parts = [self.rows, *(part for fold in self.folds for part in fold)]
        ones = [(int(label.sum()), len(label)) for label in (part.thinned().label_at(share) for part in parts)]
        return all(FEWEST_OF_SHARE <= some <= rows - FEWEST_OF_SHARE for some, rows in ones)

    def tuned(self, settings: Mapping[str, Any]) -> Members:
        """Return members on the same folds whose trees have other settings; curves are trained once for both."""
        other = Members(self.rows, self.folds, self._threads, self._seed, self.recency, self._monotone, settings)
        other._curves = self._curves
        return other

    def later(self, candidate: Candidate) -> Later:
        """Return the candidate's margins of the inner test dates' rows; none without folds."""
        margins = [
            np.sum([part.weight * self.margin(fold, part.alone) for part in candidate.parts], axis=0)
            for fold in range(len(self.folds))
        ]
        weights = [test.weight for _, test in self.folds if test.weight is not None]
        return Later(
            _joined(margins),
            _joined([test.label for _, test in self.folds]).astype(np.int8),
            len(self.folds),
            np.concatenate(weights) if weights else None,
        )

    def margin(self, fold: int, part: Part) -> Floats:
        """Return a member's margins of a fold's later rows, trained on its earlier ones."""
        if (fold, part) not in self._margins:
            if part.kind == "trees":
                self._boost(part)
            else:
                train, test = self.folds[fold]
                curves = Additive(json.loads(self.curves(fold, part)), list(train.names))
                self._margins[fold, part] = curves.margin(test.matrix)
        return self._margins[fold, part]

    def rounds(self, part: Part) -> int:
        """Return the median over folds of the rounds after which nothing was gained; the default without folds."""
        if part not in self._rounds:
            if self.folds:
                self._boost(part)
            else:
                self._rounds[part] = default_rounds(len(self.rows.label), self._settings(part)["learning_rate"])
        return self._rounds[part]

    def curves(self, fold: int | None, part: Part) -> bytes:
        """Return the logistic trained on a fold's first part, on all rows for None."""
        if (fold, part) not in self._curves:
            rows = self._rows(fold)
            if part.kind == "recency":
                if self.recency is None:
                    raise ValueError("the recency rule needs the feature it looks at")
                terms = [linear.log_term(rows.matrix, rows.names, self.recency)]
            else:
                terms = linear.terms_for(rows.matrix, rows.names, rows.categories)
            rows = rows.thinned()
            label = rows.label_at(part.share)
            fit = partial(linear.fit_logistic, rows.matrix, label, spread=part.spread, weight=rows.weight)
            self._curves[fold, part] = held(self._monotone if part.kind == "curves" else (), terms, fit)
        return self._curves[fold, part]

    def files(self, candidate: Candidate) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
        """Return the manifest's entries and the files of a candidate's members, trained on all rows."""
        listed: list[dict[str, Any]] = []
        files: dict[str, bytes] = {}
        for part in candidate.parts:
            if part.kind == "trees":
                name = _free("trees", "txt", files)
                files[name], rounds = self._trees(part.alone)
                entry: dict[str, Any] = {"kind": "trees", "file": name, "weight": part.weight, "rounds": rounds}
            else:
                name = _free("curves", "json", files)
                files[name] = self.curves(None, part.alone)
                entry = {"kind": "curves", "file": name, "weight": part.weight}
            # Such a member's level is that of another label: who compares it with the target's has to know.
            listed.append(entry if part.share == 1.0 else entry | {"share": part.share})
        return listed, files

    def grow(self, fold: int | None, part: Part) -> Growing:
        """Return trees to be grown on a fold's first part; on all rows for None."""
        rows = self._rows(fold)
        positions = [rows.names.index(name) for name in rows.categories]
        chosen, matrix = self._settings(part), rows.matrix
        label = rows.label_at(part.share)
        return Growing(matrix, label, positions, chosen, rows.weight, self._start(fold, part, rows, matrix))

    def _settings(self, part: Part) -> dict[str, Any]:
        # A fold has fewer rows, but its number of rounds is for trees of the final model's size.
        chosen = parameters(len(self.rows.label), self._threads, self._seed + part.seed)
        chosen |= self._tuned if part.style == TUNED else STYLES[part.style]
        return chosen | {"monotone_constraints": self._monotone} if any(self._monotone) else chosen

    def _start(self, fold: int | None, part: Part, rows: Encoded, matrix: Floats) -> Floats | None:
        """Return the margins of the logistic that the trees begin from."""
        if not part.started:
            return None
        return Additive(json.loads(self.curves(fold, part.start)), list(rows.names)).margin(matrix)

    def _boost(self, part: Part) -> None:
        """Train on each fold's first part, stop early on its second, and keep margins at the median of the rounds."""
        grown: list[Grown] = []
        best: list[int] = []
        for fold, (_, test) in enumerate(self.folds):
            trees = self.grow(fold, part)
            matrix = test.matrix
            begun = self._start(fold, part, test, matrix)
            best.append(trees.stop_early(matrix, test.label_at(part.share), MOST_ROUNDS, test.weight, begun))
            grown.append(trees.grown())
            del trees  # before the next ones are begun
        rounds = self._rounds[part] = round(median(best))
        for fold, (_, test) in enumerate(self.folds):
            # One that stopped early is seldom grown on: then it begins anew, to the same trees.
            trees = grown[fold] if rounds <= grown[fold].rounds else self.grow(fold, part)
            self._margins[fold, part] = trees.margin(test.matrix, rounds)

    def _trees(self, part: Part) -> tuple[bytes, int]:
        """Return trees grown on all rows, as text, and their rounds: those chosen, or as many as could be grown."""
        rounds = self.rounds(part)
        growing = self.grow(None, part)
        text, rounds = growing.text(rounds), min(rounds, growing.rounds)
        del growing  # before the rows are looked at again
        if self.rows.weight is not None:
            text = weighted_counts(text, self.rows.matrix, self.rows.weight, self._threads_for_rows())
        return text, rounds

    def _threads_for_rows(self) -> int:
        return int(parameters(len(self.rows.label), self._threads, self._seed)["num_threads"])

    def _rows(self, fold: int | None) -> Encoded:
        return self.rows if fold is None else self.folds[fold][0]


def _free(stem: str, ending: str, files: Mapping[str, bytes]) -> str:
    """Return `stem.ending`, with a number where a member is called so already."""
    taken = sum(name.startswith(stem) for name in files)
    return f"{stem}.{ending}" if not taken else f"{stem}-{taken + 1}.{ending}"


def _joined(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0)
