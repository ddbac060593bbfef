"""Reference tables on disk: one file per date, summed up over all buckets in a pass before the features."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from uuid import uuid4

import pyarrow as pa

from features.built.keys import code_digest, digest
from features.computing.reference import Reference
from features.engine import peers_in, tally_peers
from features.measures import PeersMean
from features.needs import needs_of
from features.spec import Feature
from pipeline.errors import StoreError
from pipeline.snapshot import Snapshot
from pipeline.workers import Workers, snapshot_in

NAME = "peers.json"


@dataclass(frozen=True)
class TallyBucket:
    """Adds up one bucket's part of the reference tables: a function that workers map (see `pipeline.workers`)."""

    snapshot: Path
    as_ofs: tuple[date, ...]
    means: tuple[PeersMean, ...]

    def __call__(self, bucket: int) -> pa.Table:
        """Return a row per date: `as_of` (ISO) and `sums` (JSON, see `Reference.plain`)."""
        told = _tally(snapshot_in(self.snapshot), bucket, self.as_ofs, self.means)
        rows = [(day.isoformat(), json.dumps(part.plain())) for day, part in told.items()]
        return pa.table({"as_of": [day for day, _ in rows], "sums": [sums for _, sums in rows]})


@dataclass(frozen=True)
class References:
    """The reference tables that some features look at, kept under `folder`; often none."""

    snapshot: Snapshot
    folder: Path
    means: tuple[PeersMean, ...]
    _there: dict[date, Reference] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, snapshot: Snapshot, features: Sequence[Feature], folder: Path) -> References:
        """Return the reference tables of the features; `folder` is where features lie."""
        return cls(snapshot, folder, peers_in(features))

    def prepare(self, as_ofs: Sequence[date], workers: Workers) -> None:
        """Sum up over all buckets what is not there yet. Raises StoreError when it cannot be written."""
        missing = tuple(day for day in sorted(set(as_ofs)) if self.means and self._read(day) is None)
        if not missing:
            return
        found = dict.fromkeys(missing, Reference({}))
        function = TallyBucket(self.snapshot.folder, missing, self.means)
        for _, table in workers.map(function, range(self.snapshot.buckets)):
            for row in table.to_pylist():
                day = date.fromisoformat(row["as_of"])
                found[day] = found[day].plus(Reference.of_plain(json.loads(row["sums"])))
        for day, reference in found.items():
            self._write(day, reference)

    def at(self, as_ofs: Sequence[date]) -> Mapping[date, Reference]:
        """Return the tables at these dates; those that nobody prepared are summed up here, a bucket after the other."""
        return {day: self._at(day) for day in as_ofs} if self.means else {}

    def digest(self, as_of: date, feature: Feature) -> str:
        """Return the digest of what a feature looks at of the table at `as_of`; "" where it looks at nothing."""
        wanted = {repr(mean) for mean in peers_in([feature])} if self.means else set()
        if not wanted:
            return ""
        return Reference({key: sums for key, sums in self._at(as_of).sums.items() if key in wanted}).digest

    def _at(self, as_of: date) -> Reference:
        found = self._read(as_of)
        if found is None:
            found = Reference({})
            for bucket in range(self.snapshot.buckets):
                found = found.plus(_tally(self.snapshot, bucket, (as_of,), self.means)[as_of])
            self._write(as_of, found)
        return found

    def _read(self, as_of: date) -> Reference | None:
        """Return the table at `as_of`; None where it is not there, or of other rows, figures or code."""
        if as_of not in self._there:
            try:
                said = json.loads(self._file(as_of).read_text(encoding="utf-8"))
                if said["key"] != self._key(as_of):
                    return None
                self._there[as_of] = Reference.of_plain(said["sums"])
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                return None
        return self._there[as_of]

    def _write(self, as_of: date, reference: Reference) -> None:
        file = self._file(as_of)
        temporary = file.with_suffix(f".{uuid4().hex}.tmp")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            said = {"key": self._key(as_of), "sums": reference.plain()}
            temporary.write_text(json.dumps(said), encoding="utf-8")
            os.replace(temporary, file)
        except OSError as error:
            with suppress(OSError):
                temporary.unlink()
            raise StoreError(
                f"features cannot be written under {self.folder}: {error.strerror or error}. "
                "Make room or mend the rights."
            ) from None
        self._there[as_of] = reference

    def _key(self, as_of: date) -> str:
        # Any row of any table lets an account be seen, and so count among its peers.
        known = self.snapshot.digest_upto(None, [*self.snapshot.columns], as_of)
        return digest(sorted(map(repr, self.means)), known, self.snapshot.constant, code_digest())

    def _file(self, as_of: date) -> Path:
        return self.folder / f"buckets={self.snapshot.buckets}" / f"as_of={as_of}" / NAME


def _tally(
    snapshot: Snapshot, bucket: int, as_ofs: Sequence[date], means: Sequence[PeersMean]
) -> Mapping[date, Reference]:
    wanted = needs_of(means, as_ofs)
    since = {table: need.since for table, need in wanted.items() if need.since is not None}
    history = snapshot.history(bucket, since, {table: need.columns for table, need in wanted.items()})
    return tally_peers(history, as_ofs, means)
