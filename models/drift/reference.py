"""What a model learnt from, kept in its folder: how each feature was spread at each training date, and the scores.

The dates are kept apart because they say how much a firm's figures move from date to date while nothing is wrong: with
the season, with growth, with the mere passing of time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.measures import Windowed
from features.spec import ALL, Feature
from models.choosing.candidates import RECENCY
from models.dataset import Dataset
from models.drift.recalibration import recalibrated
from models.drift.sketch import count, packed, score_counts, unpacked
from models.evaluate import PROBABILITY
from models.manifest import FittedModel
from models.scorer import FIRST_CODE, category_codes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FILE = "reference.json"

BINS = 10
"""Bins of a feature, each of about a tenth of what was learnt from; one more holds what is unknown."""

MOST_CODES = 20
"""Categories that are told apart; those after them share a bin."""

MOST_DATES = 13
"""Training dates that are kept, evenly from the last one back: 28 days apart they show a year."""

NEAR = 0.01
"""Share of the range of nine tenths of the values within which two edges are one."""

SCORED = 500
"""Rows per date that are scored."""

ENOUGH = 100_000
"""Rows by whose quantiles features are binned."""


@dataclass(frozen=True)
class Spread:
    """A feature's inner edges, and per date its rows per bin, unknown ones last.

    `moves` marks one that drifts by construction: days since a fixed day, sums over all history.
    """

    name: str
    edges: Floats
    counts: Ints
    moves: bool
    category: bool


@dataclass(frozen=True)
class Folds:
    """What the backtest's test dates showed of probabilities given to accounts whose future the model had not seen.

    Per date what was expected and what came. `shift` and `slope` are the standard errors with which calibration carries
    over to a new date: of the log-odds as a whole, and of their spread around `pivot`.
    """

    as_ofs: tuple[date, ...]
    expected: tuple[float, ...]
    observed: tuple[int, ...]
    shift: float
    slope: float
    pivot: float


@dataclass(frozen=True)
class Reference:
    """What today's rows are held against."""

    as_ofs: tuple[date, ...]
    features: tuple[Spread, ...]
    scores: tuple[Ints, ...]
    """Per date the scores of rows the model has learnt from: how far dates lie apart, not where they should lie."""
    base_rate: float
    scored: tuple[date, Ints] | None
    """The day of training, and the scores given then, when nobody knew the labels: as scores are from then on."""
    folds: Folds | None
    rule: bool = False
    """Whether a rule gives the scores: how often it was right is known, not what each score promises."""

    @property
    def edges(self) -> list[Floats]:
        return [feature.edges for feature in self.features]

    def plain(self) -> dict[str, Any]:
        folds = None
        if self.folds is not None:
            folds = {
                "as_ofs": [day.isoformat() for day in self.folds.as_ofs],
                "expected": list(self.folds.expected),
                "observed": list(self.folds.observed),
                "shift": self.folds.shift,
                "slope": self.folds.slope,
                "pivot": self.folds.pivot,
            }
        return {
            "as_ofs": [day.isoformat() for day in self.as_ofs],
            "base_rate": self.base_rate,
            "scores": [packed(each) for each in self.scores],
            "scored": None if self.scored is None else [self.scored[0].isoformat(), packed(self.scored[1])],
            "features": [
                {
                    "name": each.name, "edges": each.edges.tolist(), "counts": each.counts.tolist(),
                    "moves": each.moves, "category": each.category,
                }
                for each in self.features
            ],
            "folds": folds,
        }  # fmt: skip


def make_reference(
    data: Dataset,
    features: Sequence[Feature],
    model: FittedModel,
    predictions: pd.DataFrame | None,
    further: pd.DataFrame | None = None,
    scored: tuple[date, Floats] | None = None,
) -> Reference:
    """Return what `model` learnt from: `data`, and, where there was a backtest, its `predictions` (see Backtest).

    `scored` is the day of training with the probabilities the model gave then, to accounts whose labels nobody knew.
    `further` holds as_of and features of other dates that are ordinary too (see `models.drift.weekdays`); features that
    it lacks are not counted there. Rows that were drawn count for those they stand for; a date's counts still add up to
    the rows that were drawn.
    """
    dates = data.dates
    kept = dates[::-1][:: -(-len(dates) // MOST_DATES)][::-1]
    stamps, weight = data.rows["as_of"].to_numpy(), data.weight
    where = [np.flatnonzero(stamps == np.datetime64(day)) for day in kept]
    others = [] if further is None else [stamp.date() for stamp in further["as_of"].drop_duplicates()]
    at = (
        [] if further is None else [np.flatnonzero(further["as_of"].to_numpy() == np.datetime64(day)) for day in others]
    )
    described = {feature["name"]: feature for feature in model.manifest["features"]}
    order = np.argsort(np.array([day.toordinal() for day in (*kept, *others)]), kind="stable")
    spreads = []
    for feature in features:
        values = _values(data.features[feature.name], feature, described[feature.name])
        edges = _edges(values, feature, described[feature.name])
        counts = [_counts(values[rows], edges, None if weight is None else weight[rows]) for rows in where]
        if further is not None and feature.name in further:
            values = _values(further[feature.name], feature, described[feature.name])
            counts += [_counts(values[rows], edges, None) for rows in at]
        else:
            counts += [np.zeros_like(counts[0]) for _ in others]
        spreads.append(Spread(feature.name, edges, np.stack(counts)[order], moves(feature), feature.unit == "category"))
    scores = _scored(model, data.features, [rows[:: max(1, -(-len(rows) // SCORED))] for rows in where])
    if further is not None and all(feature.name in further for feature in features):
        scores += _scored(model, further[[feature.name for feature in features]], at)
    else:
        scores += [score_counts(np.empty(0)) for _ in others]
    rate = float(np.average(data.rows["label"].to_numpy(), weights=weight))
    as_ofs = tuple(sorted((*kept, *others)))
    return Reference(
        as_ofs, tuple(spreads), tuple(scores[place] for place in order), rate,
        None if scored is None else (scored[0], score_counts(scored[1])),
        _folds(predictions, model.manifest["recipe"]),
    )  # fmt: skip


def _scored(model: FittedModel, features: pd.DataFrame, dates: Sequence[NDArray[np.intp]]) -> list[Ints]:
    """Return the scores of the rows of each date."""
    chosen = np.concatenate([*dates, np.empty(0, np.intp)])
    probability = model.probability(features.iloc[chosen])
    ends = np.cumsum([len(rows) for rows in dates])
    return [score_counts(part) for part in np.split(probability, ends[:-1])] if len(ends) else []


def moves(feature: Feature) -> bool:
    """Whether a feature drifts by construction: it counts from a fixed day, or over all history."""
    return feature.family == "tenure" or (feature.window is ALL and isinstance(feature.measure, Windowed))


def with_reference(model: FittedModel, reference: Reference) -> FittedModel:
    """Return the model with the reference among its files."""
    content = (json.dumps(reference.plain(), sort_keys=True, allow_nan=False) + "\n").encode()
    manifest = {name: value for name, value in model.manifest.items() if name != "files"}
    return FittedModel.of(manifest | {"reference": FILE}, {**model.files, FILE: content}, model.threads)


def read_reference(model: FittedModel) -> Reference | None:
    """Return the reference in a model's files; None for a model that was trained before there was one."""
    name = model.manifest.get("reference")
    if name is None:
        return None
    plain: Mapping[str, Any] = json.loads(model.files[name])
    spreads = tuple(
        Spread(
            each["name"], np.asarray(each["edges"], float), np.asarray(each["counts"], np.int64), each["moves"],
            each["category"],
        )
        for each in plain["features"]
    )  # fmt: skip
    folds = plain["folds"]
    if folds is not None:
        folds = Folds(
            tuple(date.fromisoformat(day) for day in folds["as_ofs"]),
            tuple(folds["expected"]), tuple(folds["observed"]), folds["shift"], folds["slope"], folds["pivot"],
        )  # fmt: skip
    as_ofs, scores = (tuple(date.fromisoformat(day) for day in plain["as_ofs"]), tuple(map(unpacked, plain["scores"])))
    scored = plain["scored"]
    if scored is not None:
        scored = date.fromisoformat(scored[0]), unpacked(scored[1])
    rule = model.manifest.get("recipe") == RECENCY.name
    return Reference(as_ofs, spreads, scores, plain["base_rate"], scored, folds, rule)


def _values(column: pd.Series, feature: Feature, described: Mapping[str, Any]) -> Floats:
    """Return a feature's rows as numbers, categories as the codes that the model's manifest gives them."""
    if feature.unit != "category":
        return column.to_numpy(float)
    codes = {text: FIRST_CODE + code for code, text in enumerate(described["categories"])}
    return category_codes(column.to_numpy(object), codes)


def _edges(values: Floats, feature: Feature, described: Mapping[str, Any]) -> Floats:
    if feature.unit != "category":
        return edges_of(values)
    return np.arange(1, min(len(described["categories"]), MOST_CODES) + FIRST_CODE, dtype=float)


def edges_of(values: Floats) -> Floats:
    """Return the inner edges of BINS bins with about equally many known values each.

    Fewer where values repeat, or lie so near one another (NEAR) that a move between them means nothing.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return np.empty(0)
    thin = known[:: -(-len(known) // ENOUGH)]
    edges = np.unique(np.quantile(thin, np.arange(1, BINS) / BINS, method="lower"))
    # Of a value that most rows have, rows above it are a bin of their own.
    above = thin[thin > edges[0]]
    if len(edges) == 1 and len(above):
        edges = np.unique([edges[0], above.min()])
    low, high = np.quantile(thin, (0.05, 0.95), method="lower")
    apart, kept = NEAR * (high - low), []
    for edge in edges[edges > known.min()]:
        if not kept or edge - kept[-1] >= apart:
            kept.append(float(edge))
    return np.array(kept)


def _counts(values: Floats, edges: Floats, weight: Floats | None) -> Ints:
    found = count(values, edges, weight)
    if weight is not None:
        found = np.round(found * len(values) / max(1.0, float(weight.sum())))
    return found.astype(np.int64)


def _folds(predictions: pd.DataFrame | None, recipe: str) -> Folds | None:
    column = PROBABILITY.format(recipe)
    if predictions is None or column not in predictions:
        return None
    rows = predictions[~predictions["final"]].dropna(subset=[column])
    if rows.empty:
        return None
    days, expected, observed = [], [], []
    for stamp, part in rows.groupby("as_of"):
        probability = part[column].to_numpy(float)
        days.append(pd.Timestamp(stamp).date())  # type: ignore[arg-type]
        expected.append(float(probability.sum()))
        observed.append(int(part["label"].sum()))
    shift, slope, pivot = _carried_over(rows, column)
    return Folds(tuple(days), tuple(expected), tuple(observed), shift, slope, pivot)


def _carried_over(rows: pd.DataFrame, column: str) -> tuple[float, float, float]:
    """Return the standard errors with which calibration carries over to a new date, of its level and of its slope.

    The level's: how far each test date's log-odds lay from what came, less what chance explains, and what chance
    leaves of their mean (DerSimonian and Laird 1986, around 0, so that a constant bias counts too). The slope's: the
    slope of a logistic recalibration of all rows, which is 1 where the spread was right, with its error.
    """
    account = np.unique(rows["account_id"].to_numpy().astype(str), return_inverse=True)[1]
    probability = np.clip(rows[column].to_numpy(float), 1e-9, 1 - 1e-9)
    margin, label = np.log(probability / (1 - probability)), rows["label"].to_numpy(float)
    off, chance = [], []
    for positions in rows.reset_index(drop=True).groupby("as_of").indices.values():
        p, y = probability[positions], label[positions]
        spread = max(float((p * (1 - p)).sum()), 1e-9)
        off.append(float((y - p).sum()) / spread)
        chance.append(1 / spread)
    between = max(0.0, float(np.mean(np.square(off) - chance)))
    slope, error = recalibrated(margin, label, account)
    shift = np.sqrt(between + float(np.mean(chance)) / len(off))
    beyond = max(0.0, (slope - 1) ** 2 - error**2)
    return float(shift), float(np.sqrt(beyond + error**2)), float(margin.mean())
