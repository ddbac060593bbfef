"""Settings of boosted trees, tried on inner folds within a number of trials and of seconds.

Optuna's tree-structured Parzen estimator (Bergstra et al. 2011, "Algorithms for hyper-parameter optimization")
proposes, with a seed, so that as many trials give the same settings. The settings that stand are tried first: where no
trial beats them they are kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.boosting import TUNED
from models.choosing.candidates import Candidate, Part
from models.choosing.folds import Judging
from models.choosing.losses import halves, row_losses
from models.choosing.members import Members
from pipeline.settings import TrainingSettings

if TYPE_CHECKING:
    import optuna

TREES = Candidate("trees", 0, (Part("trees", style=TUNED),))


@dataclass(frozen=True)
class Tuned:
    """Settings of LightGBM that were chosen, and among how many; empty where those that stand were best."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    trials: int = 0
    asked: int = 0
    before: float = 0.0
    """Loss per row with the settings that stand."""
    loss: float = 0.0

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Tuned:
        """Return what `plain` told."""
        names = ("settings", "trials", "asked", "before", "loss")
        return cls(**{name: plain[name] for name in names})

    def plain(self) -> dict[str, Any]:
        """Return what was decided, as the manifest's `chosen` keeps it."""
        return {
            "settings": dict(self.settings),
            "trials": self.trials,
            "asked": self.asked,
            "cut_short": self.trials < self.asked,
            "before": round(self.before, 6),
            "loss": round(self.loss, 6),
            "words": self.words,
        }

    @property
    def words(self) -> str:
        tried = f"{self.trials} settings of the trees were tried on inner folds"
        if self.trials < self.asked:
            tried += f" ({self.asked} were asked for: the time was up)"
        if not self.settings:
            return f"{tried}; none beat those that stand."
        listed = ", ".join(f"{name} {value}" for name, value in sorted(self.settings.items()))
        return f"{tried}; chosen: {listed} (loss {self.loss:.4f}, before {self.before:.4f})."


def tuned_of(manifest: Mapping[str, Any]) -> Tuned | None:
    """Return what was tuned for a model; None where nothing was."""
    plain = (manifest.get("chosen") or {}).get("tuned")
    return None if plain is None else Tuned.of(plain)


def tune(
    members: Members,
    judging: Judging,
    asked: TrainingSettings,
    seed: int,
    now: Callable[[], float] = time.monotonic,
) -> Tuned:
    """Return the settings of trees with the smallest loss on the inner folds.

    No trial is begun `[training] tune_seconds` after the first; the first, with the settings that stand, always runs.
    """
    import optuna  # noqa: PLC0415 - slow to import, and only those who tune need it

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    half = halves(np.concatenate([fold.accounts for fold in judging.folds]))[1]
    began, before = now(), _loss(members, half)

    def objective(trial: optuna.Trial) -> float:
        return _loss(members.tuned(_proposed(trial)), half)

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=8))
    while len(study.trials) + 1 < asked.tune_trials and now() - began < asked.tune_seconds:
        study.optimize(objective, n_trials=1)
    trials = len(study.trials) + 1
    if not study.trials or study.best_value >= before:
        return Tuned({}, trials, asked.tune_trials, before, before)
    best: Mapping[str, Any] = study.best_params
    return Tuned(best, trials, asked.tune_trials, before, study.best_value)


def _proposed(trial: optuna.Trial) -> dict[str, Any]:
    """Return settings within what has served on tables of this kind; the learning rate stays, rounds follow it."""
    return {
        "num_leaves": trial.suggest_int("num_leaves", 3, 31, log=True),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 10, 300, log=True),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.1, 0.8, log=True),
        "bagging_fraction": trial.suggest_float("bagging_fraction", 0.2, 0.9),
        "lambda_l2": trial.suggest_float("lambda_l2", 1.0, 200.0, log=True),
        "path_smooth": trial.suggest_float("path_smooth", 0.0, 100.0),
        "extra_trees": trial.suggest_categorical("extra_trees", [False, True]),
    }


def _loss(members: Members, half: NDArray[np.bool_]) -> float:
    later = members.later(TREES)
    losses = row_losses(later.margin, later.label, half, later.weight)
    return float(np.average(losses, weights=later.weight))
