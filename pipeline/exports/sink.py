"""What a sink is, what it is given, and what a kind of sink has to be able to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, Protocol

import pandas as pd

from pipeline.store import ExportStatus, Run, Store


@dataclass(frozen=True)
class Sink:
    """A folder or file that lists are exported to, in the format `kind` (a key of KINDS)."""

    kind: str
    where: Path
    config: str = ""
    """The name of the config that the lists belong to."""
    targets: tuple[str, ...] = ()
    """The config's targets in its order, for sinks that show several lists side by side."""
    language: str = "en"

    @property
    def name(self) -> str:
        return f"{self.kind}:{self.where}"


class PublishedLists:
    """What a sink is given: the published list to export (`run`), and through the store the others."""

    def __init__(self, run: Run, rows: pd.DataFrame | None = None, store: Store | None = None) -> None:
        """Without a store there is this list only."""
        self.run = run
        self._store = store
        self._rows = {} if rows is None else {run.run_id: rows}

    def rows(self, run: Run | None = None) -> pd.DataFrame:
        """Return the rows of a run's list, of `self.run` without an argument; lists that readers see are read once."""
        wanted = run or self.run
        if wanted.run_id in self._rows or self._store is None:
            return self._rows[wanted.run_id]
        rows = self._store.rows(wanted.run_id)
        if wanted.published:  # the lists of years would fill the memory
            self._rows[wanted.run_id] = rows
        return rows

    def current(self, sink: Sink) -> list[Run]:
        """Return what readers of the sink's targets see, in the config's order; targets without a list are left out."""
        targets = dict.fromkeys((*sink.targets, self.run.target))
        if self._store is None:
            return [self.run]
        found = [self.run if target == self.run.target else self._store.published(target) for target in targets]
        return [run for run in found if run is not None]

    def all_runs(self) -> list[Run]:
        """Return every run of the store, the first one first."""
        return [self.run] if self._store is None else self._store.runs()[::-1]

    def exported(self, sink: Sink) -> dict[str, ExportStatus]:
        """Return digest -> status of the exports to this sink of the lists that readers see now."""
        if self._store is None:
            return {}
        statuses = [self._store.exports(run.run_id).get(sink.name) for run in self.current(sink)]
        return {status.digest: status for status in statuses if status and status.status == "done" and status.digest}


@dataclass(frozen=True)
class Written:
    """What was written to a sink."""

    digest: str
    """SHA-256 of what the sink holds, as `Kind.held` finds it."""
    note: str | None = None
    """What readers of the sink should know, say that a list was too long for it."""


class Kind(Protocol):
    """A kind of sink. Every method gets the sink whose kind it is."""

    place: ClassVar[Literal["folder", "file"]]
    """The key of [[sinks]] that says where it is."""

    def obstacle(self, sink: Sink) -> str | None:
        """Return why nothing can be written there, None when it can; leaves no trace."""

    def held(self, sink: Sink, lists: PublishedLists) -> str | None:
        """Return the digest of what the sink holds, None when something of these lists is missing or changed."""

    def write(self, sink: Sink, lists: PublishedLists) -> Written:
        """Write the lists, all or nothing to a reader's eye; raise SinkError where that cannot be done."""
