"""Keys: what a column on disk was computed from. While its key stays the same it is read, else computed anew."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from pathlib import Path

from features.measures import Measure
from features.needs import needs_of
from features.spec import Feature
from pipeline.snapshot import Snapshot
from pipeline.tables import HISTORY_TABLES

CUT = (
    "asof.py", "bucket_files.py", "bucket_reading.py", "bucket_rows.py", "contract_lines.py", "corrections.py",
    "day_sums.py", "history.py", "layout.py", "loading.py", "parts.py", "snapshot.py", "sorting.py", "tables.py",
)  # fmt: skip
"""Modules of pipeline/ that decide what features see: of what was read, what lies in buckets, and what is cut of it."""


@dataclass(frozen=True)
class Keys:
    """The keys of one file, that is of a bucket at an as_of.

    `columns` names each feature's: its measure, the code, and what the tables it reads hold of the bucket up to as_of.
    `rows` is the key of which accounts are seen, since any row in any table lets an account be seen.
    """

    rows: str
    columns: Mapping[str, str]


def keys_of(
    snapshot: Snapshot, bucket: int, as_of: date, features: Sequence[Feature], peers: Callable[[Feature], str]
) -> Keys:
    """Return the keys under which the features of a bucket at `as_of` are kept.

    `peers` gives the digest of what a feature looks at beyond the bucket, "" for nothing.
    """
    present = [name for name in HISTORY_TABLES if name in snapshot.columns]
    said = {table: snapshot.digest_upto(bucket, (table,), as_of) for table in present}
    constant = " ".join(snapshot.constant)
    columns = {}
    for feature in features:
        read = {table: said[table] for table in tables_of(feature, present)}
        beyond = (said_of,) if (said_of := peers(feature)) else ()
        columns[feature.name] = digest(
            feature.measure, feature.unit == "category", read, constant, code_digest(), *beyond
        )
    return Keys(digest(said, constant, code_digest()), columns)


def tables_of(feature: Feature, present: Sequence[str]) -> tuple[str, ...]:
    """Return which of the tables that are `present` a feature looks at."""
    return _tables(feature.measure, tuple(present))


@lru_cache(maxsize=4096)  # asked for each date and bucket anew
def _tables(measure: Measure, present: tuple[str, ...]) -> tuple[str, ...]:
    looked_at = needs_of([measure], ())
    return tuple(table for table in present if table in looked_at)


@cache
def code_digest() -> str:
    """Return the SHA-256 of the code that features come from, so that files on disk never outlive a change of it."""
    own = Path(__file__).parents[1]
    lasting = own / "built"  # where files lie changes nothing in them
    own_files = [file for file in sorted(own.rglob("*.py")) if lasting not in file.parents]
    files = [*own_files, *(own.parent / "pipeline" / name for name in CUT)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def digest(*parts: object) -> str:
    """Return a digest of the parts as they are written."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
