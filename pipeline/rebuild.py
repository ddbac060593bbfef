"""Past lists again: the canonical CSV of any run, byte for byte as it was published, checked against its digest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import version

import pandas as pd

from pipeline.errors import StoreError
from pipeline.exports import canonical_csv
from pipeline.store import SECTIONS, Run, Store

_COUNTED = dict(zip(SECTIONS, ("listed", "leaving", "too_new"), strict=True))
"""Section of a list -> the count of its rows in the run record."""


@dataclass(frozen=True)
class Rebuilt:
    """A past list."""

    run: Run
    content: bytes
    """The canonical CSV, UTF-8 without a byte order mark; the file of a CSV sink has the mark in front."""
    digest: str
    """SHA-256 of `content`."""
    checked: bool
    """Whether the digest is the one of the list as published; False where it cannot be told."""
    removed: tuple[str, ...]
    """Rows that the list had and the store no longer holds, as "the row of rank 3" or "2 rows of accounts leaving"."""

    @property
    def said(self) -> str:
        """One sentence for people."""
        head = f"run {self.run.run_id}"
        if self.removed:
            return (
                f"{head} is given without {', '.join(self.removed)}, removed from the store since it was published; "
                "what is left cannot be checked against the list's SHA-256"
            )
        if self.checked:
            return f"{head} is the list as it was published: its SHA-256 is {self.digest}"
        return f"{head} was made by a keepgrow that kept no SHA-256 of lists, so it is given as the store holds it"


def rebuild(store: Store, run: Run) -> Rebuilt:
    """Return the list of a run, as it was published.

    Rows that are in the store no longer (an account was erased) are named in `removed`. Raises StoreError, naming both
    digests, when the rows are all there but say something else than they did.
    """
    rows = store.rows(run.run_id)
    content = canonical_csv(run, rows)
    digest = hashlib.sha256(content).hexdigest()
    removed = _removed(run, rows)
    if run.rows_digest is not None and not removed and digest != run.rows_digest:
        raise StoreError(
            f"the list of run {run.run_id} is not what was published: its SHA-256 is {digest}, published was "
            f"{run.rows_digest}. Its rows in the store {store.shown} were changed since: restore a copy of the store. "
            f"(Or lists are written in another form now: keepgrow {run.code_version} made it, this is "
            f"{version('keepgrow')}.)"
        )
    return Rebuilt(run, content, digest, run.rows_digest == digest, removed)


def _removed(run: Run, rows: pd.DataFrame) -> tuple[str, ...]:
    found = rows["section"].value_counts()
    gone = []
    for section, count in _COUNTED.items():
        lacking = int(run.counts.get(count, 0)) - int(found.get(section, 0))
        if lacking <= 0:
            continue
        if section == "call":
            there = {int(rank) for rank in rows["rank"].dropna()}
            ranks = [str(rank) for rank in range(1, run.counts[count] + 1) if rank not in there]
            gone.append(f"the row of rank {ranks[0]}" if len(ranks) == 1 else f"the rows of ranks {', '.join(ranks)}")
        else:
            words = section.replace("_", " ")
            gone.append(f"{lacking} row{'s' if lacking > 1 else ''} of accounts that were {words}")
    return tuple(gone)
