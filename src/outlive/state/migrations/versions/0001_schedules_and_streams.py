"""Schedules and streams."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "schedules",
        sa.Column("job", sa.String(200), primary_key=True),
        sa.Column("next_due", sa.DateTime(), nullable=False),
        sa.Column("last_run", sa.String(300)),
    )
    op.create_table(
        "streams",
        sa.Column("asset", sa.String(100), primary_key=True),
        sa.Column("health", sa.String(20), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("until", sa.DateTime()),
        sa.Column("position", sa.String(20), nullable=False),
        sa.Column("bytes_at_risk", sa.BigInteger()),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("advice", sa.Text(), nullable=False),
        sa.Column("told_at", sa.DateTime(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("streams")
    op.drop_table("schedules")
