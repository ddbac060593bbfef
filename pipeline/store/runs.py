"""What a run is: what it was made from, what it is called, and what publishing it did."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from pipeline.errors import StoreError
from pipeline.store.pointer import Hold
from pipeline.store.schema import RUNS

FORM = 2
"""The form in which canonical CSVs are written today."""


RULE_MARK = "(rule)"
"""Ends the version of what ranked a list where that is a rule and not a model."""


@dataclass(frozen=True)
class RunRecord:
    """What a list was made from. `counts` must hold scored, listed, leaving and too_new, which are audited."""

    as_of: date
    target: str
    model_name: str
    model_version: str
    model_digest: str
    feature_digest: str
    settings_digest: str
    code_version: str
    created_at: datetime
    counts: Mapping[str, Any] = field(default_factory=dict)
    currency: str = "EUR"
    previous_run: str | None = None
    """The run that `change` and `previous_probability` compare with."""
    feedback_until: int = 0
    """Number of the last feedback entry this run could know (`Store.feedback_until`)."""
    retrospective: bool = False
    """Scored with a model that knew the future; never published."""
    rows_digest: str | None = None
    """SHA-256 of the list's canonical CSV when it was published; None for runs made before it was kept."""

    form: int | None = FORM
    """The form of its canonical CSV (see `pipeline.exports.columns`); None for runs made before there was another."""

    def __post_init__(self) -> None:
        # The target names files of exports.
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", self.target):
            raise StoreError(f"a target's name has letters, digits, _ and -; found {self.target!r}")
        if self.created_at.tzinfo is None:
            raise StoreError(f"created_at of a run needs a time zone; found {self.created_at}. Give it in UTC.")

    @property
    def by_rule(self) -> bool:
        """Whether a rule ranked, no model having shown that it knows more than chance."""
        return self.model_version.endswith(RULE_MARK)

    @property
    def inputs(self) -> tuple[date, str, str, str, str]:
        """What makes two runs the same: as_of, target, and the digests of model, features and settings."""
        return (self.as_of, self.target, self.model_digest, self.feature_digest, self.settings_digest)

    @property
    def run_id(self) -> str:
        """The target, the as_of and a digest of the inputs, for example `churn-2026-01-31-9f2c04d1e7`."""
        digest = hashlib.sha256("\n".join(str(part) for part in self.inputs).encode()).hexdigest()
        return f"{self.target}-{self.as_of}-{digest[:10]}"


@dataclass(frozen=True)
class Run(RunRecord):
    """A run as the store keeps it."""

    sequence: int = 0
    published: bool = False
    """Whether this run is the list that readers of its target see now."""
    hold: Hold | None = None
    """The rollback that holds it there."""


@dataclass(frozen=True)
class PublishResult:
    """What publishing did: `new` rows were written; `moved` tells whether readers now see this run."""

    run_id: str
    sequence: int
    new: bool
    moved: bool
    published: str | None
    """The run that readers of the target see now."""
    said: str
    """One sentence for people."""
    hold: Hold | None = None
    """The rollback that keeps later runs of the target from being shown."""
    hold_ended: str | None = None
    """Why this run ended such a rollback, in a sentence."""


RECORD_COLUMNS = tuple(column.name for column in RUNS.columns if column.name not in ("sequence", "run_id"))


def as_values(record: RunRecord, sequence: int) -> dict[str, Any]:
    """Return the record as a row of the table of runs."""
    values = {name: getattr(record, name) for name in RECORD_COLUMNS}
    return values | {"sequence": sequence, "run_id": record.run_id, "counts": dict(record.counts)}


def as_run(row: sa.Row[Any]) -> Run:
    """Return a row of the table of runs, with `shown`, `held_by` and `held_at` of the pointer to it, as a Run."""
    values = {name: getattr(row, name) for name in RECORD_COLUMNS}
    hold = None if row.held_by is None else Hold(row.target, row.run_id, row.held_by, row.held_at)
    return Run(**values, sequence=row.sequence, published=row.shown is not None, hold=hold)
