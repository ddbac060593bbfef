"""The month in which a listed risk most likely comes, and the form in which each run's canonical CSV is written."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("runs", sa.Column("form", sa.Integer))
    op.add_column("list_rows", sa.Column("likely_month", sa.String))
