"""The boosted member: LightGBM with settings for few and for many rows, exactly repeatable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Floats = NDArray[np.float64]

FEW = 30_000
"""Rows below which trees are kept small."""

STEP = 5
"""Rounds between two looks at the later date, each of which costs time as well."""

PATIENCE = 2.5
"""Rounds x learning rate without a better log-loss on the later date after which a fold stops."""

VAIN = 50
"""Attempts in a row that find nothing to split, each with other rows and features drawn, after which trees stay as they
are."""


def is_few(rows: int) -> bool:
    """Whether so many training rows call for smaller trees."""
    return rows < FEW


def parameters(rows: int, threads: int, seed: int) -> dict[str, Any]:
    """Return LightGBM's parameters for so many rows: with few, few leaves and half of the rows per tree."""
    few = is_few(rows)
    return {
        "objective": "binary",
        "learning_rate": 0.05,
        "num_leaves": 8 if few else 15,
        "min_data_in_leaf": max(20, min(rows // 100, 100)),
        "feature_fraction": 0.4,
        "bagging_fraction": 0.5 if few else 0.7,
        "bagging_freq": 1,
        "lambda_l2": 10.0,
        "max_cat_to_onehot": 8,
        "cat_smooth": 50.0,
        "deterministic": True,
        # With few rows, histograms column by column are quicker than row by row; the trees are the same.
        "force_col_wise" if few else "force_row_wise": True,
        # With few rows two threads wait for each other longer than they work; the trees are the same to the bit.
        "num_threads": 1 if few else threads,
        "seed": seed,
        "verbosity": -1,
    }


STYLES: Mapping[str, Mapping[str, Any]] = {
    "plain": {},
    # Longer steps: of two that are averaged, half the rounds do as well.
    "extra": {"extra_trees": True, "learning_rate": 0.1},
    "shallow": {"num_leaves": 4, "learning_rate": 0.1},
    # LightGBM's defaults, but for the step, since the number of rounds is found by stopping early.
    "library": {
        "num_leaves": 31,
        "min_data_in_leaf": 20,
        "feature_fraction": 1.0,
        "bagging_fraction": 1.0,
        "bagging_freq": 0,
        "lambda_l2": 0.0,
        "max_cat_to_onehot": 4,
        "cat_smooth": 10.0,
    },
}
"""Settings by which one member's trees differ from another's."""

TUNED = "plain"
"""The style whose settings are tuned where `[training] tune_trials` asks for it."""

BAG = ("extra", "shallow")
"""Styles whose average errs less than any of them: they differ in what they miss."""

LARGE_BAG = ("shallow", "plain", "plain")
"""With many rows larger trees find what features say together, and trees whose splits are drawn at random miss it; two
of a style, each with a seed of its own, err less than one."""


def default_rounds(rows: int, learning_rate: float = 0.05) -> int:
    """Return the number of rounds where no inner fold can tell."""
    return round((6 if is_few(rows) else 10) / learning_rate)


MOST_ROUNDS = 600

BINNING = ("num_threads", "force_col_wise", "force_row_wise", "verbosity")
BINS = {"max_bin": 127, "bin_construct_sample_cnt": 50_000}
"""Bins per feature, and the rows looked at to lay them out; looking at more takes longer than growing the trees."""


class Grown:
    """Trees that grow no more: their text, without the rows they were grown on."""

    def __init__(self, text: bytes, rounds: int, threads: int) -> None:
        self.rounds = rounds
        self._text, self._threads = text.decode(), threads

    def margin(self, matrix: Floats, rounds: int) -> Floats:
        """Return the sum of the first `rounds` trees, at most those there are, one number per row."""
        booster = lgb.Booster(model_str=self._text)
        told = booster.predict(matrix, raw_score=True, num_iteration=rounds, num_threads=self._threads)
        return np.asarray(told)


class Growing:
    """Trees under training that can grow on: early stopping first, then to a number of rounds chosen elsewhere.

    `categories` are the positions of category columns, `chosen` LightGBM's parameters, `weight` how many rows each row
    counts for (None: itself), `start` the margin of each row that trees are added to. The matrix is only looked at
    here: what is kept of it is a byte per number.
    """

    def __init__(
        self,
        matrix: Floats,
        label: NDArray[Any],
        categories: Sequence[int],
        chosen: Mapping[str, Any],
        weight: Floats | None = None,
        start: Floats | None = None,
    ) -> None:
        # LightGBM keeps pre-filtered features out by min_data_in_leaf; our own list must stay whole for contributions.
        data = lgb.Dataset(
            matrix,
            label,
            weight=weight,
            init_score=start,
            categorical_feature=list(categories),
            params={key: chosen[key] for key in BINNING if key in chosen} | BINS,
            free_raw_data=True,
        )
        self._booster = lgb.Booster(dict(chosen), data)
        # A call that does not say so sets all threads again, for the training after it too.
        self._threads = {"num_threads": chosen["num_threads"]} if "num_threads" in chosen else {}
        self._patience = round(PATIENCE / chosen.get("learning_rate", 0.1))
        self._vain = 0

    def stop_early(
        self,
        matrix: Floats,
        label: NDArray[Any],
        most: int = MOST_ROUNDS,
        weight: Floats | None = None,
        start: Floats | None = None,
    ) -> int:
        """Grow until the log-loss on other rows no longer falls; return the best number of rounds.

        `start` are the other rows' margins that trees are added to.
        """
        margin = np.zeros(len(label)) if start is None else start.copy()
        best, best_loss = STEP, np.inf
        while self.rounds < most and self.rounds < best + self._patience:
            seen = self.rounds
            self.grow_to(seen + STEP)
            if self.rounds == seen:
                break
            margin += self._booster.predict(
                matrix, raw_score=True, start_iteration=seen, num_iteration=STEP, **self._threads
            )
            chance = np.clip(expit(margin), 1e-9, 1 - 1e-9)
            told = np.where(label == 1, np.log(chance), np.log1p(-chance))
            loss = -np.mean(told) if weight is None else -np.average(told, weights=weight)
            if loss < best_loss - 1e-7:
                best, best_loss = self.rounds, loss
        return best

    @property
    def rounds(self) -> int:
        return self._booster.current_iteration()

    def grow_to(self, rounds: int) -> None:
        """Grow to so many rounds, or to fewer where nothing is left to split: LightGBM then adds no tree."""
        while (before := self.rounds) < rounds and self._vain < VAIN:
            self._booster.update()
            self._vain = self._vain + 1 if self.rounds == before else 0

    def margin(self, matrix: Floats, rounds: int) -> Floats:
        self.grow_to(rounds)
        return np.asarray(self._booster.predict(matrix, raw_score=True, num_iteration=rounds, **self._threads))

    def grown(self) -> Grown:
        """Return the trees as they are now; they hold a fraction of the memory."""
        return Grown(self.text(self.rounds), self.rounds, self._threads.get("num_threads", 0))

    def text(self, rounds: int) -> bytes:
        """Return LightGBM's text format of the first `rounds` trees, or of all where it cannot grow so many."""
        self.grow_to(rounds)
        return self._booster.model_to_string(num_iteration=rounds).encode()
