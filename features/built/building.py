"""Build what is not on disk yet, a bucket at a time: what is there is kept, what is missing or changed is computed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from features.built.files import FeatureFiles
from features.built.keys import Keys, keys_of
from features.built.references import References
from features.engine import build_features
from features.needs import needs
from features.spec import Feature
from pipeline.errors import StoreError
from pipeline.history import History
from pipeline.memory import dates_at_once
from pipeline.progress import track
from pipeline.snapshot import Snapshot
from pipeline.workers import Threads, Workers, share, snapshot_in

VALUES_BYTES = 250_000_000
"""What features built in one pass may take, unless said."""

TRIES = 3
"""Times that a file is built before giving up: another command may replace it before it is read."""


@dataclass(frozen=True)
class BuildBucket:
    """Builds one bucket's features: a function that workers map over the buckets (see `pipeline.workers`)."""

    snapshot: Path
    as_ofs: tuple[date, ...]
    features: tuple[Feature, ...]
    folder: Path
    values_bytes: int = VALUES_BYTES
    """What the features built in one pass may take until they are on disk."""

    def __call__(self, bucket: int) -> pa.Table:
        """Return one row: how many columns of a date were `kept` and how many `computed`."""
        snapshot = snapshot_in(self.snapshot)
        files = _files(snapshot, self.folder)
        references = References.of(snapshot, self.features, self.folder)
        kept, computed = _build(snapshot, bucket, self.as_ofs, self.features, files, references, self.values_bytes)
        return pa.table({"kept": [kept], "computed": [computed]})


@dataclass(frozen=True)
class BuiltFeatures:
    """The features of a snapshot at some dates, on disk.

    `kept` and `computed` count columns of a bucket and date that were there already and that were computed.
    """

    snapshot: Snapshot
    features: tuple[Feature, ...]
    folder: Path
    kept: int = 0
    computed: int = 0

    @cached_property
    def files(self) -> FeatureFiles:
        return _files(self.snapshot, self.folder)

    @cached_property
    def references(self) -> References:
        """The whole book's figures that features look at beside their account's own rows."""
        return References.of(self.snapshot, self.features, self.folder)

    @property
    def said(self) -> str:
        """Return, for people, what there was to do."""
        if not self.computed:
            return "all there already"
        if not self.kept:
            return "all computed"
        return f"{self.computed:,} columns computed, {self.kept:,} kept (a column of a bucket and a date counts once)"

    def read(self, as_of: date, bucket: int | None = None, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Return account_id, as_of and the features, one row per account seen at `as_of`, sorted by account_id.

        Of all buckets or of one; of all features or of those named in `columns`.
        """
        buckets = range(self.snapshot.buckets) if bucket is None else [bucket]
        parts = [self.table(as_of, number, columns) for number in buckets]
        frame = pa.concat_tables(parts).to_pandas(split_blocks=True, self_destruct=True)
        return frame if len(parts) == 1 else frame.sort_values("account_id", ignore_index=True)

    def table(self, as_of: date, bucket: int, columns: Collection[str] | None = None) -> pa.Table:
        """Return one bucket's features at `as_of` as `bucket_features` does; built again where they went meanwhile."""
        keys = _keys(self.snapshot, bucket, as_of, self.features, self.references)
        chosen = {name: key for name, key in keys.columns.items() if columns is None or name in columns}
        for _ in range(TRIES):
            found = self.files.read(as_of, bucket, chosen, keys.rows)
            if found is not None:
                return _dated(found, as_of)
            _build(self.snapshot, bucket, [as_of], self.features, self.files, self.references)
        raise StoreError(
            f"features file {self.files.file(as_of, bucket)} cannot be read back. Is another command at work in the "
            "same state folder? Wait for it, then run again."
        )

    def accounts(self, as_of: date) -> int:
        """Return how many accounts are seen at `as_of`, from the files' own counts."""
        counts = [self.files.kept(as_of, bucket) for bucket in range(self.snapshot.buckets)]
        return sum(kept.accounts for kept in counts if kept is not None)


def build_to_disk(
    snapshot: Snapshot,
    as_ofs: Sequence[date],
    features: Sequence[Feature],
    folder: Path,
    workers: Workers = Threads(1),  # noqa: B008 - frozen
    values_bytes: int = VALUES_BYTES,
) -> BuiltFeatures:
    """Build what is not there yet of the features at `as_ofs` under `folder`, and return where they lie.

    Each file is whole or absent, so a build that was killed goes on at the first one that is missing. `values_bytes`
    bounds what a worker builds in one pass: as many dates as fit.

    Raises StoreError when the folder cannot be written.
    """
    share(snapshot)
    References.of(snapshot, features, folder).prepare(as_ofs, workers)
    function = BuildBucket(snapshot.folder, tuple(sorted(set(as_ofs))), tuple(features), folder, values_bytes)
    results = track(workers.map(function, range(snapshot.buckets)), "features", snapshot.buckets)
    counts = [table.to_pylist()[0] for _, table in results]
    built = BuiltFeatures(
        snapshot, function.features, folder, sum(row["kept"] for row in counts), sum(row["computed"] for row in counts)
    )
    built.files.touch(function.as_ofs)
    return built


def bucket_features(
    snapshot: Snapshot, bucket: int, as_ofs: Sequence[date], features: Sequence[Feature], folder: Path
) -> pa.Table:
    """Return one bucket's features, built where they are not under `folder` yet; for use in bucket functions.

    One row per as_of and account seen, in that order: `account_id` (string), `as_of` (timestamp[us], midnight UTC),
    then the features in their order: double with NaN for unknown, attributes as strings with null.
    """
    days = sorted(set(as_ofs))
    built = BuiltFeatures(snapshot, tuple(features), folder)
    _build(snapshot, bucket, days, features, built.files, built.references)
    return pa.concat_tables([built.table(day, bucket) for day in days])


def _keys(snapshot: Snapshot, bucket: int, as_of: date, features: Sequence[Feature], references: References) -> Keys:
    return keys_of(snapshot, bucket, as_of, features, lambda feature: references.digest(as_of, feature))


def _files(snapshot: Snapshot, folder: Path) -> FeatureFiles:
    return FeatureFiles(folder, snapshot.buckets)


def _build(
    snapshot: Snapshot,
    bucket: int,
    as_ofs: Sequence[date],
    features: Sequence[Feature],
    files: FeatureFiles,
    references: References,
    values_bytes: int = VALUES_BYTES,
) -> tuple[int, int]:
    """Compute and write what is missing; return how many columns of a date were kept and how many computed."""
    wanted: dict[tuple[Feature, ...], list[date]] = defaultdict(list)
    keys = {as_of: _keys(snapshot, bucket, as_of, features, references) for as_of in as_ofs}
    for as_of in as_ofs:
        there = files.kept(as_of, bucket)
        if there is None or not there.serves(keys[as_of]):
            fresh = there.fresh(keys[as_of]) if there is not None else set()
            wanted[tuple(feature for feature in features if feature.name not in fresh)].append(as_of)
    computed = 0
    for missing, days in wanted.items():
        others = tuple(feature for feature in features if feature not in missing)
        for as_of, part in _computed(snapshot, bucket, days, missing, references, values_bytes):
            before = files.read(as_of, bucket, {each.name: keys[as_of].columns[each.name] for each in others})
            computed += len(missing)
            if others and (before is None or not before["account_id"].equals(part["account_id"])):
                ((_, before),) = _computed(snapshot, bucket, [as_of], others, references, values_bytes)
                computed += len(others)
            files.write(as_of, bucket, keys[as_of], _together(part, before, features))
    return len(features) * len(keys) - computed, computed


def _computed(
    snapshot: Snapshot,
    bucket: int,
    as_ofs: Sequence[date],
    features: Sequence[Feature],
    references: References,
    values_bytes: int,
) -> Iterator[tuple[date, pa.Table]]:
    """Yield each date with account_id and the features of the accounts seen then, as many dates in a pass as fit."""
    history = _history(snapshot, bucket, as_ofs, features)
    at_once = dates_at_once(values_bytes, len(history.accounts), len(features))
    for number in range(0, len(as_ofs), at_once):
        days = as_ofs[number : number + at_once]
        yield from _by_date(build_features(history, days, features, references.at(days)), days, features)


def _history(snapshot: Snapshot, bucket: int, as_ofs: Sequence[date], features: Sequence[Feature]) -> History:
    """Return the bucket's history, of which no more has to be read than the features look at."""
    wanted = needs(features, as_ofs)
    since = {table: need.since for table, need in wanted.items() if need.since is not None}
    return snapshot.history(bucket, since, {table: need.columns for table, need in wanted.items()})


def _by_date(
    frame: pd.DataFrame, as_ofs: Sequence[date], features: Sequence[Feature]
) -> Iterator[tuple[date, pa.Table]]:
    """Yield the rows of each date as a table of account_id and the features."""
    dates = frame["as_of"].to_numpy()
    columns = {"account_id": pa.array(frame["account_id"], pa.string())}
    for feature in features:
        column = frame[feature.name]
        # From numpy, NaN stays NaN, and nothing has to be copied on the way to a model.
        columns[feature.name] = (
            pa.array(column, pa.string()) if feature.unit == "category" else pa.array(column.to_numpy())
        )
    whole = pa.table(columns)
    for as_of in as_ofs:
        first, end = np.searchsorted(dates, [np.datetime64(as_of), np.datetime64(as_of) + 1])
        yield as_of, whole.slice(first, end - first)


def _together(part: pa.Table, before: pa.Table | None, features: Sequence[Feature]) -> pa.Table:
    """Return account_id and all features in their order: those just computed, the others as they were before."""
    found = {name: part[name] for name in part.column_names}
    kept = {} if before is None else {name: before[name] for name in before.column_names}
    return pa.table({"account_id": part["account_id"]} | {each.name: (kept | found)[each.name] for each in features})


def _dated(table: pa.Table, as_of: date) -> pa.Table:
    day = pa.repeat(pa.scalar(np.datetime64(as_of, "us")), len(table))
    return table.add_column(1, "as_of", day)
