"""What a small book gets: a model of two additive members with strong priors, or a rule whose direction is given."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from models import linear
from models.calibrate import bands
from models.dataset import Dataset
from models.monotone import directions, held
from models.rows import Encoded
from models.scorer import Additive
from models.small.groups import GROUPS, group_of
from models.small.prior import Prior, fit, witnesses
from models.small.signals import Look, looks
from models.small.size import is_small
from models.split import inner_folds
from models.targets import Target
from pipeline.settings import Settings

Floats = NDArray[np.float64]

RULE_MEAN = 0.3
"""Prior mean of the rule's coefficient, per deviation of log(1 + days): a third more odds."""

RULE_LEAST = 0.05
"""What is left of the rule where the outcomes seen speak against it: it ranks all the same, and is called a rule."""

SIGNALS_SHARE = 0.5
"""Weight of the few signals; the other half is the logistic on all features, which share one prior variance between
them. Equal weights, not tuned."""

MOST_FOLDS = 4
"""Test dates at most that bands are observed at."""

RULE = "recency"
"""The recipe of the rule."""


@dataclass(frozen=True)
class Small:
    """A small book's rows: what fits 'model' and 'recency' to them, or to those of some accounts."""

    rows: Encoded
    accounts: NDArray[np.object_]
    as_of: NDArray[np.datetime64]
    target: Target
    monotone: Sequence[int] = ()
    """Per feature -1, 0 or 1: the direction the business is sure of (see `models.monotone`); empty: of none."""

    @cached_property
    def counts(self) -> float:
        """For how many rows each counts (see `models.small.prior.witnesses`)."""
        return witnesses(self.rows.label, self.accounts)

    def take(self, mask: NDArray[np.bool_]) -> Small:
        return Small(self.rows.take(mask), self.accounts[mask], self.as_of[mask], self.target, self.monotone)

    def at(self, days: Sequence[date]) -> Small:
        """Return the rows of some dates."""
        return self.take(np.isin(self.as_of, np.array([np.datetime64(day) for day in days], self.as_of.dtype)))

    @cached_property
    def looks(self) -> list[Look]:
        """What the signals' member looks at."""
        return looks(self.rows, self.target)

    def model(self) -> list[tuple[str, float, bytes]]:
        """Return the members of 'model': file, weight, and the curves."""
        rows = self.rows
        sure = dict(zip(rows.names, self.monotone, strict=True)) if self.monotone else {}
        priors = [Prior(look.feature, sure.get(look.feature) or look.direction) for look in self.looks]
        signals = fit(rows, priors, self.counts)
        terms = linear.terms_for(rows.matrix, rows.names, rows.categories)
        weight = np.full(len(rows.label), self.counts)
        curves = held(self.monotone, terms, partial(linear.fit_logistic, rows.matrix, rows.label, weight=weight))
        return [("signals.json", SIGNALS_SHARE, signals), ("curves.json", 1 - SIGNALS_SHARE, curves)]

    def rule(self, recency: str) -> list[tuple[str, float, bytes]]:
        """Return the member of 'recency': the longer silent, the likelier to leave, and the less likely to grow."""
        direction = 1 if self.target.risk else -1
        prior = Prior(recency, direction, mean=RULE_MEAN * direction, log=True, least=RULE_LEAST)
        return [("curves.json", 1.0, fit(self.rows, [prior], self.counts))]


def small_of(
    data: Dataset, rows: Encoded, target: Target, settings: Settings, small: bool | None = None
) -> Small | None:
    """Return the rows of a small book, encoded as `rows`; None for a larger one.

    `small` says which it is to be where that was decided already; None: by what there is.
    """
    if not (is_small(data, settings) if small is None else small):
        return None
    sure = directions(rows.names, target) if settings.training.monotone else ()
    return Small(rows, data.rows["account_id"].to_numpy(), data.rows["as_of"].to_numpy(), target, sure)


def fit_small(small: Small, recency: str | None, with_bands: bool = True) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return what the recipe 'model', or with `recency` the rule, adds to the manifest, and its members' files.

    Bands are observed on accounts left out of training, at later dates than those learnt from where there are any;
    that takes many fits, which a model nobody shows bands of does without.
    """
    made = _members(small, recency)
    later = left_out(small, recency) if with_bands else LeftOut.none()
    own = {
        "recipe": "model" if recency is None else RULE,
        "members": [{"kind": "curves", "file": name, "weight": weight} for name, weight, _ in made],
        "calibration": {
            "kind": "identity",
            "slope": 1.0,
            "intercept": 0.0,
            "rows": 0,
            "folds": later.folds,
            "note": "the prior holds probabilities near the rate; there are too few outcomes to correct them further",
        },
        "bands": bands(expit(later.margin), later.label, accounts=later.accounts) if len(later.label) else [],
        "recency": recency,
        "chosen": chosen(small, recency),
    }
    return own, {name: content for name, _, content in made}


def chosen(small: Small, recency: str | None) -> dict[str, Any] | None:
    """Return the manifest's `chosen` of 'model', in the form of `models.choosing.choose.Choice.plain`."""
    if recency is not None:
        return None
    rarer = min(len(set(small.accounts[small.rows.label == which])) for which in (0, 1))
    words = f"{len(small.looks)} features chosen beforehand, and all of them under one strong prior; no trees"
    return {
        "candidates": [{"name": "small", "words": words, "complexity": 1, "loss": None, "behind": None, "se": None}],
        "chosen": "small",
        "rule": "the only candidate",
        "note": f"Only {rarer} accounts had the rarer outcome: nothing was compared, as a choice would find chance.",
        "judged_on": "",
        "rows": len(small.rows.label),
        "accounts": len(set(small.accounts)),
        "tuned": None,
        "signals": [{"feature": look.feature, "direction": look.direction} for look in small.looks],
    }


@dataclass(frozen=True)
class LeftOut:
    """Margins, labels, accounts and groups of rows scored by members that had not seen their accounts."""

    margin: Floats
    label: NDArray[np.int8]
    accounts: NDArray[np.object_]
    group: NDArray[np.intp]
    folds: int
    """Test dates later than those learnt from; 0: the same dates, of other accounts."""

    @classmethod
    def none(cls) -> LeftOut:
        return cls(np.empty(0), np.empty(0, np.int8), np.empty(0, object), np.empty(0, np.intp), 0)


def left_out(small: Small, recency: str | None = None) -> LeftOut:
    """Score each group of accounts by what the others taught, on inner folds in time where there are any."""
    days = [stamp.date() for stamp in pd.DatetimeIndex(np.unique(small.as_of))]
    # The later half of the test dates: models of the earlier ones had less to learn from than the one they speak for.
    every = inner_folds(days, small.target.window, at_most=len(days))
    every = every[len(every) // 2 :]
    folds = every[:: -max(1, -(-len(every) // MOST_FOLDS))][::-1]
    pairs = [(small.at(fold.train), small.at([fold.test])) for fold in folds] or [(small, small)]
    parts = []
    for earlier, later in pairs:
        learnt, told = group_of(earlier.accounts), group_of(later.accounts)
        for group in range(GROUPS):
            train, test = earlier.take(learnt != group), later.take(told == group)
            if len(test.rows.label) and 0 < train.rows.label.sum() < len(train.rows.label):
                parts.append((_margin(train, test.rows, recency), test.rows.label, test.accounts, told[told == group]))
    if not parts:
        return LeftOut.none()
    margin, label, accounts, group_ = (np.concatenate(part) for part in zip(*parts, strict=True))
    return LeftOut(margin, label, accounts, group_, len(folds))


def _members(small: Small, recency: str | None) -> list[tuple[str, float, bytes]]:
    return small.model() if recency is None else small.rule(recency)


def _margin(train: Small, rows: Encoded, recency: str | None) -> Floats:
    matrix, names = rows.matrix, list(rows.names)
    return np.sum(
        [weight * Additive(json.loads(made), names).margin(matrix) for _, weight, made in _members(train, recency)],
        axis=0,
    )
