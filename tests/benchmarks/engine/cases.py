"""The cases that chapters measure: a data set in buckets, kept for as long as chapters share it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.runner import Record, Runner
from engine.sizes import Size, as_of_dates
from engine.task import described

LONG = 1200
"""Seconds that making data and taking a snapshot may last."""


WARMING = Size(5000, 50)


@dataclass(frozen=True)
class Case:
    """A data set, the memory and workers that ours may use, and the buckets (None: by the memory)."""

    size: Size
    memory_gb: float = 2.0
    workers: int = 2
    buckets: int | None = None
    late: bool = True
    """Without it: the rows as last corrected, known when they occurred (see `engine.reduced`)."""

    @property
    def name(self) -> str:
        data = self.size.name if self.late else f"{self.size.name}-reduced"
        return f"{data}/{self.memory_gb:g}gb/{self.workers}w/{self.buckets or 'auto'}"

    @property
    def reduced(self) -> Case:
        """The same case, for contenders that have one time per row."""
        return replace(self, late=False)


@dataclass
class Cases:
    """Makes data and snapshots once per run, however many chapters ask for them."""

    runner: Runner
    taken: dict[Case, Record] = field(default_factory=dict)
    warm: bool = False
    measured: dict[str, Record] = field(default_factory=dict)
    files: dict[tuple[Size, bool], str] = field(default_factory=dict)

    def file(self, case: Case) -> str:
        """Return the Parquet file of a case, made unless it is there; raises RuntimeError when that fails."""
        key = (case.size, case.late)
        if key not in self.files:
            folder = self.runner.work / "data"
            if case.late:
                job: Record = {"data": str(folder), "events": case.size.events, "accounts": case.size.accounts}
                made = self.runner.measure(f"data/{case.size.name}", "interactions", job, LONG)
            else:
                reduced = str(folder / f"reduced-{case.size.name}.parquet")
                made = self.runner.run("reduced", {"file": self.file(replace(case, late=True)), "reduced": reduced})
            if made["status"] != "ok":
                raise RuntimeError(f"the data of {case.size} were not made: {made}")
            self.files[key] = made["file"]
        return self.files[key]

    def snapshot(self, case: Case) -> Record:
        """Return the record of the case's snapshot."""
        if case not in self.taken:
            record = self.runner.measure(f"snapshot/{case.name}", "ours", self.job(case) | {"do": "snapshot"}, LONG)
            self.taken[case] = record
        return self.taken[case]

    def features(self, case: Case, dates: int, limit: float | None = None, **more: Any) -> Record:
        """Measure the features of a case at so many as_of dates, dropped bucket by bucket, or kept (`keep=True`)."""
        name = f"features{'-kept' if more.get('keep') else ''}/{case.name}/{dates}"
        self._warm()
        taken = self.snapshot(case)
        if taken["status"] != "ok":
            return self.runner.keep(name, {"status": "failed", "error": "no snapshot to compute from", "load": 0.0})
        job = self.job(case) | {"do": "features", "snapshot": taken["snapshot"]} | more
        job["as_ofs"] = described(as_of_dates(dates))["as_ofs"]
        folder = self.runner.work / "kept"
        if more.get("keep"):
            job["keep"] = str(folder)
        record = self._once(name, "ours", job, limit)
        shutil.rmtree(folder, ignore_errors=True)
        return record

    def _warm(self) -> None:
        """Compile once, on little data, what later processes find compiled."""
        if not self.warm:
            self.warm = True
            self.features(Case(WARMING, workers=1), 1)

    def features_as(self, case: Case, other: Case, dates: int) -> Record:
        """Measure the features of a case's snapshot with another case's memory and workers."""
        self.taken.setdefault(other, self.snapshot(case))
        record = self.features(other, dates)
        del self.taken[other]
        return record

    def limit(self, case: Case, **more: Any) -> Record:
        """Measure the limit on the case's file."""
        job = {"file": self.file(case), "workers": case.workers} | more
        return self._once(f"limit/{case.size.name}/{case.workers}w", "limit", job)

    def _once(self, name: str, module: str, job: Record, limit: float | None = None) -> Record:
        """Measure, unless this very measurement was made in this run; more parts of it are a measurement anew."""
        key = json.dumps([name, job], sort_keys=True)
        if key not in self.measured:
            self.measured[key] = self.runner.measure(name, module, job, limit)
        return self.measured[key]

    def job(self, case: Case) -> Record:
        """Return what `engine.ours` is told of a case."""
        return {
            "file": self.file(case),
            "folder": str(self._folder(case)),
            "memory_gb": case.memory_gb,
            "workers": case.workers,
            "buckets": case.buckets,
        }

    def drop(self, case: Case) -> None:
        """Remove a case's snapshot from disk."""
        self.taken.pop(case, None)
        shutil.rmtree(self._folder(case), ignore_errors=True)

    def drop_all(self) -> None:
        for case in tuple(self.taken):
            self.drop(case)

    def _folder(self, case: Case) -> Path:
        return self.runner.work / "snapshots" / case.name.replace("/", "_")
