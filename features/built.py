"""Features on disk: built once per snapshot, catalogue and as_of, a bucket at a time, so that a killed run resumes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import get_ident

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.catalogue import catalogue_digest
from features.engine import build_features
from features.spec import Feature
from pipeline.errors import StoreError
from pipeline.progress import track
from pipeline.snapshot import Snapshot


@dataclass(frozen=True)
class BuiltFeatures:
    """Where the features of a snapshot lie: `folder/as_of=YYYY-MM-DD/bucket=00000.parquet`."""

    folder: Path
    features: tuple[Feature, ...]
    buckets: int

    def file(self, as_of: date, bucket: int) -> Path:
        return self.folder / f"as_of={as_of}" / f"bucket={bucket:05d}.parquet"

    def read(self, as_of: date) -> pd.DataFrame:
        """Return the features of all buckets at `as_of`, one row per account seen, sorted by account_id."""
        parts = [pq.read_table(self.file(as_of, bucket), partitioning=None) for bucket in range(self.buckets)]
        frame = pa.concat_tables(parts).to_pandas()
        return frame.sort_values("account_id", ignore_index=True)


def build_to_disk(
    snapshot: Snapshot, as_ofs: Sequence[date], features: Sequence[Feature], folder: Path
) -> BuiltFeatures:
    """Build what is not there yet of the features at `as_ofs` under `folder`, and return where they lie.

    Each file is written to a temporary name and then renamed, so a file that is there is whole.

    Raises StoreError when the folder cannot be written.
    """
    built = _place(snapshot, features, folder)
    for bucket in track(range(snapshot.buckets), "features"):
        _build(snapshot, bucket, as_ofs, built)
    return built


def bucket_features(
    snapshot: Snapshot, bucket: int, as_ofs: Sequence[date], features: Sequence[Feature], folder: Path
) -> pa.Table:
    """Return one bucket's features, built where they are not under `folder` yet; for use in bucket functions.

    One row per as_of and account seen, in that order: `account_id` (string), `as_of` (timestamp[us], midnight UTC),
    then the features in their order: double with null for unknown, attributes as strings.
    """
    built = _place(snapshot, features, folder)
    _build(snapshot, bucket, as_ofs, built)
    return pa.concat_tables(
        [pq.read_table(built.file(as_of, bucket), partitioning=None) for as_of in sorted(set(as_ofs))]
    )


def _place(snapshot: Snapshot, features: Sequence[Feature], folder: Path) -> BuiltFeatures:
    key = hashlib.sha256(f"{catalogue_digest(features)} {_code_digest()} {snapshot.buckets}".encode()).hexdigest()
    return BuiltFeatures(folder / f"{snapshot.digest[:16]}-{key[:16]}", tuple(features), snapshot.buckets)


def _build(snapshot: Snapshot, bucket: int, as_ofs: Sequence[date], built: BuiltFeatures) -> None:
    missing = [as_of for as_of in as_ofs if not built.file(as_of, bucket).exists()]
    if not missing:
        return
    try:
        frame = build_features(snapshot.history(bucket), missing, built.features)
        for as_of in missing:
            _write(frame[frame["as_of"] == pd.Timestamp(as_of)], built.file(as_of, bucket))
    except OSError as error:
        raise StoreError(
            f"features cannot be written under {built.folder.parent}: {error.strerror}. Make room or mend the rights."
        ) from None


def _code_digest() -> str:
    """Return the SHA-256 of the code that features come from, so that files on disk never outlive a change of it."""
    own = Path(__file__).parent
    files = [*sorted(own.glob("*.py")), *(own.parent / "pipeline" / name for name in CUT)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


CUT = ("asof.py", "contract_lines.py", "history.py", "tables.py")
"""Modules of pipeline/ that decide what features see."""


def content_digest(frame: pd.DataFrame) -> str:
    """Return the SHA-256 of a frame's column names and values, in row and column order."""
    digest = hashlib.sha256()
    for name in frame.columns:
        column = frame[name]
        digest.update(name.encode() + b"\0")
        if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
            digest.update(column.to_numpy().tobytes())
        else:
            digest.update("\x1f".join("\x00" if pd.isna(value) else str(value) for value in column).encode())
    return digest.hexdigest()


def _write(frame: pd.DataFrame, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(f".{os.getpid()}-{get_ident()}.tmp")
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), temporary)
    os.replace(temporary, file)
