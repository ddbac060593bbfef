"""Rows to learn from or to judge by, gathered bucket by bucket: labels first, then features of the rows needed alone.

What is done with a bucket is a function that workers map (see `pipeline.workers`); what it returns is small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.built import BuiltFeatures, bucket_features
from features.spec import Feature
from models.dataset import Dataset, check_cohort, cohort_rows, missing_features
from models.evaluate import EXPECTED_VALUE, PROBABILITY
from models.groups import ATTRIBUTES, TENURE, TENURE_FEATURES
from models.manifest import FittedModel
from models.sampling import Draw, lots
from models.targets import COHORT, Target, cohort, notices_of
from pipeline.workers import BucketFunction, snapshot_in

Mapped = Callable[[BucketFunction], Iterator[tuple[int, pa.Table]]]
"""Yields every bucket, in order, with what a function returns for it."""

DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Asked:
    """Whose labels are asked for: a target's cohort at some dates, by what was known at `known_by`.

    `barred` are accounts that must not be profiled.
    """

    snapshot: Path
    target: Target
    as_ofs: tuple[date, ...]
    known_by: date
    barred: frozenset[str]


@dataclass(frozen=True)
class LabelBucket:
    """Labels of a bucket's cohort: the columns of `Dataset.rows` and `lot` (see `models.sampling.lots`)."""

    asked: Asked
    seed: int

    def __call__(self, bucket: int) -> pa.Table:
        """Return a row per as_of and account in the cohort, in that order."""
        rows = _labelled(self.asked, bucket)
        days = rows["as_of"].cast(pa.int64()).to_numpy() // DAY_US
        return rows.append_column("lot", pa.array(lots(rows["account_id"].combine_chunks(), days, self.seed)))


@dataclass(frozen=True)
class NoticeBucket:
    """The days of notice of a bucket's terminations, for `Target.check`."""

    asked: Asked

    def __call__(self, bucket: int) -> pa.Table:
        history = snapshot_in(self.asked.snapshot).history(bucket)
        return pa.table({"days": pa.array(notices_of(self.asked.target, history, self.asked.known_by), pa.float64())})


@dataclass(frozen=True)
class FeatureBucket:
    """Features of the rows wanted of each bucket; `wanted` maps a bucket to a table of account_id and as_of."""

    snapshot: Path
    features: tuple[Feature, ...]
    folder: Path
    wanted: Mapping[int, pa.Table]

    def __call__(self, bucket: int) -> pa.Table:
        """Return the features of the rows wanted, in their order, read date by date."""
        wanted = self.wanted.get(bucket)
        built = BuiltFeatures(snapshot_in(self.snapshot), self.features, self.folder)
        names = [feature.name for feature in self.features]
        if wanted is None:
            return pa.table({})
        parts = []
        for as_of in pc.unique(wanted["as_of"]).to_pylist():
            asked = wanted.filter(pc.equal(wanted["as_of"], as_of))["account_id"]
            table = built.table(as_of.date(), bucket)
            parts.append(table.select(names).take(_places(asked, table["account_id"], as_of.date())))
        return pa.concat_tables(parts)


@dataclass(frozen=True)
class JudgedBucket:
    """What models say of a bucket's cohort at one date, beside what became of it."""

    asked: Asked
    features: tuple[Feature, ...]
    folder: Path
    models: Mapping[str, FittedModel]

    def __call__(self, bucket: int) -> pa.Table:
        """Return the columns of `Dataset.rows`, what the account is grouped by, and what each model says of it."""
        rows = _labelled(self.asked, bucket)
        (as_of,) = self.asked.as_ofs
        snapshot = snapshot_in(self.asked.snapshot)
        table = bucket_features(snapshot, bucket, [as_of], self.features, self.folder)
        chosen = table.take(_places(rows["account_id"], table["account_id"], as_of))
        rows = _with_groups(rows, chosen, snapshot.display(as_of, bucket))
        return judged(rows, chosen.select([feature.name for feature in self.features]).to_pandas(), self.models)


@dataclass(frozen=True)
class CohortBucket:
    """A model's log-odds of a bucket's cohort at one date, whatever became of it."""

    asked: Asked
    features: tuple[Feature, ...]
    folder: Path
    model: FittedModel

    def __call__(self, bucket: int) -> pa.Table:
        (as_of,) = self.asked.as_ofs
        snapshot = snapshot_in(self.asked.snapshot)
        standing = cohort(self.asked.target, snapshot.history(bucket).upto(as_of))
        ids = standing.loc[standing["section"] == COHORT, "account_id"]
        wanted = pa.chunked_array([pa.array(ids[~ids.isin(self.asked.barred)], pa.string())])
        table = bucket_features(snapshot, bucket, [as_of], self.features, self.folder)
        chosen = table.take(_places(wanted, table["account_id"], as_of))
        frame = chosen.select([feature.name for feature in self.features]).to_pandas()
        return pa.table({"log_odds": self.model.scorer.log_odds(self.model.encode(frame))})


def _with_groups(rows: pa.Table, features: pa.Table, shown: pd.DataFrame) -> pa.Table:
    """Return the rows with segment, country and tenure, as far as they are known of anybody (see `models.groups`)."""
    place = pd.Index(shown["account_id"]).get_indexer(rows["account_id"].to_pandas())
    for name in ATTRIBUTES:
        texts = shown[name].to_numpy()[place]
        rows = rows.append_column(name, pa.array(texts, pa.string(), from_pandas=True))
    days = np.full(len(rows), np.nan)
    for name in TENURE_FEATURES:
        if name in features.column_names:
            days = np.where(np.isnan(days), features[name].to_numpy().astype(float), days)
    return rows.append_column(TENURE, pa.array(days))


def judged(rows: pa.Table, features: pd.DataFrame, models: Mapping[str, FittedModel]) -> pa.Table:
    """Return `rows` with the columns of each model's predictions; both have the same rows."""
    base, stake = (rows[name].to_numpy() for name in ("base", "value_at_stake"))
    for name, fitted in models.items():
        probability = fitted.probability(features)
        value = fitted.value(features, base, stake)
        rows = rows.append_column(PROBABILITY.format(name), pa.array(probability))
        rows = rows.append_column(EXPECTED_VALUE.format(name), pa.array(probability * value))
    return rows


def gather_dataset(
    mapped: Mapped, asked: Asked, features: Sequence[Feature], folder: Path, room: int, seed: int
) -> Dataset:
    """Return the rows of a cohort with labels and features, sampled where there are more than `room`.

    Raises TrainingRefused as `models.dataset.check_cohort` does.
    """
    draw = Draw(room)
    for bucket, rows in mapped(LabelBucket(asked, seed)):
        draw.add(bucket, rows)
    check_cohort(asked.target, asked.as_ofs, draw.counted, _notices(mapped, asked))
    rows, sampled = draw.rows()
    del draw
    rows = rows.drop_columns("lot").sort_by([("as_of", "ascending"), ("account_id", "ascending")])
    place = rows["bucket"].to_numpy()
    order = np.argsort(place, kind="stable")
    bounds = np.searchsorted(place[order], np.arange(int(place.max()) + 2))
    positions = {b: order[bounds[b] : bounds[b + 1]] for b in range(int(place.max()) + 1) if bounds[b] < bounds[b + 1]}
    keys = rows.select(["account_id", "as_of"])
    wanted = {bucket: keys.take(pa.array(own)).combine_chunks() for bucket, own in positions.items()}
    matrix = np.full((len(rows), len(features)), np.nan)
    texts = {feature.name: np.full(len(rows), None, object) for feature in features if feature.unit == "category"}
    for bucket, part in mapped(FeatureBucket(asked.snapshot, tuple(features), folder, wanted)):
        if bucket in positions:
            _place(part, positions[bucket], features, matrix, texts)
    frame = rows.drop_columns("bucket").to_pandas()
    columns = {each.name: texts.get(each.name, matrix[:, column]) for column, each in enumerate(features)}
    return Dataset(frame, pd.DataFrame(columns, copy=False), matrix, sampled)


def gather_judged(
    mapped: Mapped, asked: Asked, features: Sequence[Feature], folder: Path, models: Mapping[str, FittedModel]
) -> pd.DataFrame:
    """Return the whole cohort of one date, by account_id, with what became of it and what each model says of it.

    Nothing is sampled, and no features are kept. Raises TrainingRefused as `models.dataset.check_cohort` does.
    """
    parts = [part for _, part in mapped(JudgedBucket(asked, tuple(features), folder, models))]
    check_cohort(asked.target, asked.as_ofs, sum(map(len, parts)), _notices(mapped, asked))
    return pa.concat_tables(parts).sort_by("account_id").to_pandas()


def gather_log_odds(
    mapped: Mapped, asked: Asked, features: Sequence[Feature], folder: Path, model: FittedModel
) -> np.ndarray:
    """Return a model's log-odds of the whole cohort of one date, in no particular order; labels are not looked at."""
    parts = [part["log_odds"].to_numpy() for _, part in mapped(CohortBucket(asked, tuple(features), folder, model))]
    return np.concatenate(parts)


def _notices(mapped: Mapped, asked: Asked) -> np.ndarray:
    if not asked.target.judges_notices:
        return np.empty(0)
    return np.concatenate([part["days"].to_numpy() for _, part in mapped(NoticeBucket(asked))])


def _labelled(asked: Asked, bucket: int) -> pa.Table:
    history = snapshot_in(asked.snapshot).history(bucket)
    rows = cohort_rows(asked.target, history, asked.as_ofs, asked.known_by)
    if asked.barred:
        rows = rows.filter(pc.invert(pc.is_in(rows["account_id"], value_set=pa.array(sorted(asked.barred)))))
    return rows


def _places(asked: pa.ChunkedArray, there: pa.ChunkedArray, as_of: date) -> pa.ChunkedArray:
    found = pc.index_in(asked, value_set=there.combine_chunks())
    if found.null_count:
        raise missing_features(asked.filter(pc.is_null(found))[0].as_py(), as_of)
    return found


def _place(
    part: pa.Table,
    positions: np.ndarray,
    features: Sequence[Feature],
    matrix: np.ndarray,
    texts: Mapping[str, np.ndarray],
) -> None:
    """Put a bucket's rows where they belong: numbers into the matrix, texts into their columns."""
    block = np.full((len(part), len(features)), np.nan)
    for column, feature in enumerate(features):
        values = part[feature.name]
        if feature.unit == "category":
            texts[feature.name][positions] = values.to_pandas().astype(object).where(lambda text: text.notna(), None)
        else:
            block[:, column] = values.to_numpy()
    matrix[positions] = block
