"""What a run report tells, as plain data: a tree of frozen records, filled by the flow and written as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import PurePath
from typing import Any


@dataclass(frozen=True)
class TableRead:
    """Where a table's rows went: `rows_in` = `used` + all of `rejected` (by rule) + `left_out` + `repeats`."""

    name: str
    rows_in: int
    used: int
    rejected: Mapping[str, int]
    left_out: int
    repeats: int
    first_day: date | None
    last_day: date | None
    """The day in which the last row became known."""


@dataclass(frozen=True)
class FindingTold:
    """A finding of the data's check; `of` is the number of rows looked at, None where it counts something else."""

    level: str
    table: str
    rule: str
    count: int
    of: int | None
    share: str
    example: str
    action: str


@dataclass(frozen=True)
class DataRead:
    """What was read: the tables, what the check found, and how much came of it."""

    tables: Sequence[TableRead]
    findings: Sequence[FindingTold]
    accounts: int
    features: int
    digest: str


@dataclass(frozen=True)
class Training:
    """What is known of the model, from the notes of a training (`models.notes`).

    `said_of` names the training that the figures are of; it is empty, as all else is, where there are no notes.
    `importance` holds (topic in words, share). `evaluation`, `curves`, `cohorts` and `decision` are as noted.
    """

    said_of: str = ""
    evaluation: Mapping[str, Any] = field(default_factory=dict)
    curves: Mapping[str, Any] = field(default_factory=dict)
    cohorts: Sequence[Mapping[str, Any]] = ()
    importance: Sequence[tuple[str, float]] = ()
    decision: Mapping[str, Any] = field(default_factory=dict)
    verdict: str = "not judged"
    warnings: Sequence[str] = ()
    trained_until: str = ""
    absent: str = ""
    """Why there are no notes."""
    notes: Mapping[str, Any] = field(default_factory=dict)
    """All of them, for the sections of `pipeline.report.sections`."""


@dataclass(frozen=True)
class ListedRow:
    """A row to call, with what the list itself says of it. Probabilities and rates in [0, 1], amounts in currency."""

    rank: int
    account_id: str
    name: str | None
    band: str | None
    probability: float
    observed: float | None
    observed_low: float | None
    observed_high: float | None
    value_at_stake: float
    worth: float
    change: str | None
    reasons: Sequence[tuple[str, str]]
    """(role, text) of each."""


@dataclass(frozen=True)
class Gone:
    """An account that was to be called and no longer is; `now` says where it is."""

    account_id: str
    name: str | None
    previous_rank: int
    now: str


@dataclass(frozen=True)
class Mover:
    """A score that moved, with its four parts in percentage points, which add up to `total`."""

    account_id: str
    name: str | None
    before: float
    after: float
    total: float
    parts: Mapping[str, float]


@dataclass(frozen=True)
class Changes:
    """A list beside the one before it; `same` tells, by name, whether what it was made from is what it was."""

    run_id: str
    as_of: date
    model: str
    same: Mapping[str, bool]
    new: Sequence[ListedRow]
    gone: Sequence[Gone]
    up: int
    down: int
    stayed: int
    movers: Sequence[Mover] = ()
    movers_said: str = ""
    """Why no movers are shown; empty where they are, or where no score moved."""


@dataclass(frozen=True)
class Listing:
    """The list that the run made of a target."""

    run_id: str
    model: str
    recipe: str
    trained_until: str
    counts: Mapping[str, Any]
    worth: float
    at_stake: float
    shown: bool
    """Whether readers see this list."""
    said: str
    held: str
    """What a rollback says that keeps it from being shown; empty without one."""
    top: Sequence[ListedRow]
    topics: Sequence[tuple[str, float]]
    """(topic in words, share of the rows to call that name it among the reasons that raise), the largest first."""
    sinks: Sequence[Mapping[str, Any]]
    digests: Mapping[str, str]
    changes: Changes | None
    hold_ended: str = ""
    """What is to be said of a rollback that this list ended; empty without one."""


@dataclass(frozen=True)
class TargetTold:
    """One target: what it asks, how its model fares, and its list, or why there is none."""

    name: str
    words: Mapping[str, str]
    """`cohort`, `label` and `value` of the question."""
    horizon: int
    gap: int
    risk: bool
    outcome: str
    """Of the training: promoted, rule, kept, not due, refused, failed."""
    reason: str
    training: Training
    listing: Listing | None
    no_list: str = ""
    data_until: date | None = None


@dataclass(frozen=True)
class Report:
    """One run of the main job."""

    name: str
    config: str
    as_of: date
    made_at: datetime
    code_version: str
    dry_run: bool
    currency: str
    language: str
    data: DataRead
    targets: Sequence[TargetTold]
    left_out: Mapping[str, str]
    """Declared target -> why the tables do not allow it."""

    @property
    def config_name(self) -> str:
        """The config file's own name."""
        return PurePath(self.config).name
