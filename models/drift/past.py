"""What published scores turned out to be worth, beside what they promised."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, Protocol

import numpy as np
import pandas as pd

from models.dataset import label_rows
from models.drift.estimate import MEASURES, estimate, measured, not_estimated
from models.drift.reference import Folds
from models.drift.sketch import score_counts, score_middles
from models.material import Material
from models.targets import Target
from pipeline.errors import TrainingRefused
from pipeline.store import Run

MOST = 12
"""Past runs that are looked at."""

APART = 28
"""Days that lie between them at least: lists of neighbouring days say the same."""


class Scores(Protocol):
    """Where the scores of runs are kept; the store is one."""

    def runs(self, target: str | None = None) -> list[Run]: ...

    def scores(self, run_id: str) -> pd.DataFrame: ...


def past_runs(
    material: Material, target: Target, store: Scores, as_of: date, folds_of: Callable[[Run], Folds | None]
) -> list[dict[str, Any]]:
    """Return per past run, the latest first, its `estimate` and, where the labels are known by `as_of`, the `realised`.

    `folds_of` gives what the backtest of the run's own model showed, None where that is not known: the intervals are
    then without the error of calibration, and no other model's stands in for it. A rule's list has no estimate. At
    most MOST runs, APART days from one another. Both are of the same rows: accounts scored in the run that are still in
    the target's cohort as it is known now.
    """
    until = material.data_until(target, as_of)
    capacity, seed = material.settings.evaluate.capacity, material.settings.run.seed
    told = []
    for run in _chosen(store.runs(target.name), as_of):
        scores = store.scores(run.run_id)
        scored = scores.dropna(subset=["probability"]).set_index("account_id")["probability"]
        realised = None
        closed = target.window.closed_by(run.as_of, until)
        if closed:
            label = _labels(material, target, run.as_of, until).reindex(scored.index).dropna()
            scored = scored.loc[label.index]
            realised = worth(scored.to_numpy(float), label.to_numpy(float), capacity) if len(label) else None
        counts = score_counts(scored.to_numpy(float))
        promised = not_estimated(counts) if run.by_rule else estimate(counts, capacity, folds_of(run), seed)
        told.append(
            {
                "run": run.run_id,
                "as_of": run.as_of.isoformat(),
                "model": f"{run.model_name} v{run.model_version}",
                "rows": len(scored),
                "estimate": promised.plain(),
                "realised": realised,
                "known_on": (run.as_of + timedelta(days=target.window.embargo)).isoformat(),
            }
        )
    return told


def worth(probability: np.ndarray, label: np.ndarray, capacity: int) -> dict[str, float | None]:
    """Return each measure of MEASURES as it came out; None where it is not defined."""
    positive, other = score_counts(probability[label == 1]), score_counts(probability[label == 0])
    filled = np.flatnonzero(positive + other)[::-1]
    rows = (positive + other)[filled].astype(float)
    chance = np.asarray(1 / (1 + np.exp(-score_middles()[filled])), np.float64)
    found = measured(positive[filled].astype(float)[None], rows, chance, capacity)
    return {name: None if np.isnan(found[name][0]) else float(found[name][0]) for name in MEASURES}


def _chosen(runs: Sequence[Run], as_of: date) -> list[Run]:
    chosen: list[Run] = []
    for run in sorted(runs, key=lambda each: (each.as_of, each.sequence), reverse=True):
        apart = not chosen or (chosen[-1].as_of - run.as_of).days >= APART
        if run.as_of <= as_of and apart and len(chosen) < MOST:
            chosen.append(run)
    return chosen


def _labels(material: Material, target: Target, as_of: date, known_by: date) -> pd.Series:
    try:
        rows = label_rows(material.histories(), [as_of], target, known_by)
    except TrainingRefused:  # nobody of that day's cohort is in it as it is known now
        return pd.Series(dtype=float)
    return rows.set_index("account_id")["label"]
