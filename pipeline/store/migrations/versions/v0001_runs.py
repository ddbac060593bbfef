"""Runs with their rows and scores, the pointer to the published one, feedback and exports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "counter",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.Integer, nullable=False),
    )
    op.execute("INSERT INTO counter (name, value) VALUES ('sequence', 0)")
    op.create_table(
        "runs",
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
        sa.Column("created_at", MOMENT, nullable=False),
        sa.UniqueConstraint(
            "as_of", "target", "model_digest", "feature_digest", "settings_digest", name="uq_runs_inputs"
        ),
    )
    op.create_table(
        "list_rows",
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
    )
    op.create_table(
        "scores",
        sa.Column("sequence", sa.Integer, sa.ForeignKey("runs.sequence"), primary_key=True, autoincrement=False),
        sa.Column("account_id", sa.String, primary_key=True),
        sa.Column("section", sa.String, nullable=False),
        sa.Column("probability", sa.Double),
        sa.Column("value_at_stake", sa.Double),
        sa.Column("expected_value", sa.Double),
        sa.Index("ix_scores_account", "account_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "published",
        sa.Column("target", sa.String, primary_key=True),
        sa.Column("run_id", sa.String, sa.ForeignKey("runs.run_id"), nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
    )
    op.create_table(
        "publications",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("target", sa.String, nullable=False),
        sa.Column("run_id", sa.String, sa.ForeignKey("runs.run_id"), nullable=False),
        sa.Column("replaced_run", sa.String, sa.ForeignKey("runs.run_id")),
        sa.Column("author", sa.String, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
    )
    op.create_table(
        "feedback",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("feedback_id", sa.String, nullable=False, unique=True),
        sa.Column("account_id", sa.String, nullable=False),
        sa.Column("list_row_id", sa.String),
        sa.Column("occurred_at", MOMENT, nullable=False),
        sa.Column("known_at", MOMENT, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("outcome", sa.String),
        sa.Column("reason", sa.String),
        sa.Column("until", MOMENT),
        sa.Column("author", sa.String),
        sa.Index("ix_feedback_account", "account_id"),
    )
    op.create_table(
        "exports",
        sa.Column("run_id", sa.String, sa.ForeignKey("runs.run_id"), primary_key=True),
        sa.Column("sink", sa.String, primary_key=True),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("digest", sa.String),
        sa.Column("error", sa.String),
        sa.Column("at", MOMENT, nullable=False),
    )
