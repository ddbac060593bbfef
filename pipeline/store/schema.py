"""The store's tables. A run, its rows and its scores are written once; only `published` ever changes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

VERSION = "0003"
"""The newest schema version this code knows; migrations/versions holds one script per version."""


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware UTC datetime, also where the database keeps no zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


METADATA = sa.MetaData()

COUNTER = sa.Table(
    "counter",
    METADATA,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("value", sa.Integer, nullable=False),
)
"""The last sequence number given out; taking one also makes writers wait for one another."""

RUNS = sa.Table(
    "runs",
    METADATA,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("run_id", sa.String, nullable=False, unique=True),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("target", sa.String, nullable=False),
    sa.Column("model_name", sa.String, nullable=False),
    sa.Column("model_version", sa.String, nullable=False),
    sa.Column("model_digest", sa.String, nullable=False),
    sa.Column("feature_digest", sa.String, nullable=False),
    sa.Column("settings_digest", sa.String, nullable=False),
    sa.Column("previous_run", sa.String, sa.ForeignKey("runs.run_id")),
    sa.Column("feedback_until", sa.Integer, nullable=False),
    sa.Column("code_version", sa.String, nullable=False),
    sa.Column("currency", sa.String, nullable=False),
    sa.Column("counts", sa.JSON, nullable=False),
    sa.Column("retrospective", sa.Boolean, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("rows_digest", sa.String),
    sa.Column("form", sa.Integer),
    sa.UniqueConstraint("as_of", "target", "model_digest", "feature_digest", "settings_digest", name="uq_runs_inputs"),
)

ROWS = sa.Table(
    "list_rows",
    METADATA,
    sa.Column("sequence", sa.Integer, sa.ForeignKey("runs.sequence"), primary_key=True, autoincrement=False),
    sa.Column("account_id", sa.String, primary_key=True),
    sa.Column("section", sa.String, nullable=False),
    sa.Column("rank", sa.Integer),
    sa.Column("manager_rank", sa.Integer),
    sa.Column("name", sa.String),
    sa.Column("account_manager", sa.String, nullable=False),
    sa.Column("team", sa.String),
    sa.Column("probability", sa.Double),
    sa.Column("band", sa.String),
    sa.Column("observed_rate", sa.Double),
    sa.Column("observed_low", sa.Double),
    sa.Column("observed_high", sa.Double),
    sa.Column("value_at_stake", sa.Double),
    sa.Column("expected_value", sa.Double),
    sa.Column("reasons", sa.JSON, nullable=False),
    sa.Column("play", sa.String),
    sa.Column("change", sa.String),
    sa.Column("previous_probability", sa.Double),
    sa.Column("likely_month", sa.String),
)

SCORES = sa.Table(
    "scores",
    METADATA,
    sa.Column("sequence", sa.Integer, sa.ForeignKey("runs.sequence"), primary_key=True, autoincrement=False),
    sa.Column("account_id", sa.String, primary_key=True),
    sa.Column("section", sa.String, nullable=False),
    sa.Column("probability", sa.Double),
    sa.Column("value_at_stake", sa.Double),
    sa.Column("expected_value", sa.Double),
    sa.Index("ix_scores_account", "account_id"),
    sqlite_with_rowid=False,
)

PUBLISHED = sa.Table(
    "published",
    METADATA,
    sa.Column("target", sa.String, primary_key=True),
    sa.Column("run_id", sa.String, sa.ForeignKey("runs.run_id"), nullable=False),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("held_by", sa.String),
    sa.Column("held_at", Moment),
)
"""The pointer: one row per target, moved in the same transaction that writes the run it names. Since `held_at` a
rollback by `held_by` keeps later runs from moving it."""

PUBLICATIONS = sa.Table(
    "publications",
    METADATA,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("action", sa.String, nullable=False),
    sa.Column("target", sa.String, nullable=False),
    sa.Column("run_id", sa.String, sa.ForeignKey("runs.run_id"), nullable=False),
    sa.Column("replaced_run", sa.String, sa.ForeignKey("runs.run_id")),
    sa.Column("author", sa.String, nullable=False),
    sa.Column("at", Moment, nullable=False),
)
"""The audit of the pointer: action is `publish`, `keep` (written, the pointer stayed), `rollback` or `release`."""

FEEDBACK = sa.Table(
    "feedback",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("feedback_id", sa.String, nullable=False, unique=True),
    sa.Column("account_id", sa.String, nullable=False),
    sa.Column("list_row_id", sa.String),
    sa.Column("occurred_at", Moment, nullable=False),
    sa.Column("known_at", Moment, nullable=False),
    sa.Column("action", sa.String, nullable=False),
    sa.Column("outcome", sa.String),
    sa.Column("reason", sa.String),
    sa.Column("until", Moment),
    sa.Column("author", sa.String),
    sa.Index("ix_feedback_account", "account_id"),
)

EXPORTS = sa.Table(
    "exports",
    METADATA,
    sa.Column("run_id", sa.String, sa.ForeignKey("runs.run_id"), primary_key=True),
    sa.Column("sink", sa.String, primary_key=True),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("digest", sa.String),
    sa.Column("error", sa.String),
    sa.Column("at", Moment, nullable=False),
)
"""How each sink of a run went: status is `done` or `failed`, digest the SHA-256 of the file."""
