"""The digest of each list as it was published, and who holds a target's pointer after a rollback, since when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("runs", sa.Column("rows_digest", sa.String))
    op.add_column("published", sa.Column("held_by", sa.String))
    op.add_column("published", sa.Column("held_at", MOMENT))
