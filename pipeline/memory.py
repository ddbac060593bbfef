"""What fits into the memory that a run may take: how many rows a bucket holds, and how many are worked on at once."""

from __future__ import annotations

import os
from dataclasses import dataclass

from pipeline.settings import Settings

ROW_BYTES = 300
"""What a row of a bucket takes while features are built from it."""

PROGRAMS_GB = 0.5
"""What Python and the libraries take themselves."""


@dataclass(frozen=True)
class MemoryPlan:
    """How a run keeps within `[run] memory_gb`: `workers` buckets of about `rows_per_bucket` rows side by side."""

    memory_gb: float
    workers: int
    rows_per_bucket: int


def plan(settings: Settings) -> MemoryPlan:
    """Return the plan that the config's limit, or its own word, leads to."""
    memory = settings.run.memory_gb
    workers = settings.run.workers or os.cpu_count() or 1
    room = max(memory - PROGRAMS_GB, memory / 4) * 1e9
    return MemoryPlan(memory, workers, settings.run.rows_per_bucket or max(1, int(room / workers / ROW_BYTES)))
