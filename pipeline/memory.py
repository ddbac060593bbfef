"""What fits into the memory that a run may take: how many rows a bucket holds, and how many are worked on at once.

The figures were set so that builds of 20 million interactions keep to their limits: tests/benchmarks/RESULTS.md has the
peaks that come of them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from pipeline.settings import Settings

PROGRAMS_GB = 0.35
"""What Python, the libraries and compiled code take themselves, and what DuckDB takes beyond its own limit: a build
held 0.35 GB beside its buckets, staging 0.25 GB more than DuckDB was given."""

ROW_BYTES = 400
"""What a row of a bucket takes while features are built from it: 630,000 rows held 0.25 to 0.33 GB, memory that the
allocators had not yet given back included."""

ROWS_SHARE = 2 / 3
"""Of what a worker may take, the share of its bucket's rows; the rest is for the features built from them."""

VALUE_BYTES = 24
"""What a feature's value takes until it is on disk: 8 bytes as computed, as put together and as written."""

FEATURES = 200
"""Columns that are reckoned with when the accounts are dealt into buckets; about as many as there can be."""

ROWS_OF_ACCOUNT = 20
"""Rows that an account is reckoned to have, where nobody counted the accounts: few, so that buckets become small."""

DEALT_ROWS = 500_000
"""Rows per worker from which it pays to deal the accounts into several buckets, though one would have room for all."""

TRAINING_SHARE = 0.6
"""Of what a run may take beside its programs, the share that rows to learn from may take, copies included."""


@dataclass(frozen=True)
class MemoryPlan:
    """How a run keeps within `[run] memory_gb`: `workers` buckets of about `rows_per_bucket` rows side by side."""

    memory_gb: float
    workers: int
    rows_per_bucket: int
    training_bytes: int
    """What the rows to learn from may take, with all that is made of them while a model is fitted."""
    values_bytes: int
    """What the features that a worker builds at a time may take, until they are on disk."""
    duckdb_gb: float
    """What DuckDB may take while it reads, checks and deals out the tables."""

    def buckets(self, rows: int, accounts: int | None = None) -> int:
        """Return into how many buckets, at least, so many rows of so many accounts are to be dealt.

        So many that a worker has room for a bucket's rows, and for its features at one date.
        """
        accounts = rows // ROWS_OF_ACCOUNT if accounts is None else accounts
        of_rows = -(-rows // self.rows_per_bucket)
        of_values = -(-accounts * FEATURES * VALUE_BYTES // self.values_bytes)
        of_workers = self.workers if rows >= self.workers * DEALT_ROWS else 1
        return max(1, of_rows, of_values, of_workers)

    def said(self, rows: int, buckets: int) -> str:
        """Return, for people, what was made of the limit: "1 GB: 24 buckets of about 830,000 rows, 2 at a time"."""
        if buckets == 1:
            return f"{self.memory_gb:g} GB: one bucket of {rows:,} rows"
        each = rows / buckets
        about = int(float(f"{each:.2g}")) if each >= 1 else 1
        at_once = min(self.workers, buckets)
        return f"{self.memory_gb:g} GB: {buckets:,} buckets of about {about:,} rows, {at_once} at a time"


def dates_at_once(values_bytes: int, accounts: int, features: int) -> int:
    """Return for how many dates a bucket's features are built in one pass, so that they take `values_bytes`."""
    return max(1, values_bytes // max(1, accounts * features * VALUE_BYTES))


def plan(settings: Settings) -> MemoryPlan:
    """Return the plan that the config's limit, or its own word, leads to; on Spark, for one task."""
    memory = settings.run.memory_gb
    workers = 1 if settings.engine.kind == "spark" else settings.run.workers or os.cpu_count() or 1
    room = max(memory - PROGRAMS_GB, memory / 4) * 1e9
    each = room / workers
    return MemoryPlan(
        memory,
        workers,
        settings.run.rows_per_bucket or max(1, int(each * ROWS_SHARE / ROW_BYTES)),
        int(room * TRAINING_SHARE),
        int(each * (1 - ROWS_SHARE)),
        max(memory - PROGRAMS_GB, memory / 2),
    )
