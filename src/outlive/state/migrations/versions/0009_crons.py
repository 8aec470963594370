"""What people's cron jobs told."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "crons",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("began_at", sa.DateTime()),
        sa.Column("succeeded_at", sa.DateTime()),
        sa.Column("failed_at", sa.DateTime()),
        sa.Column("exit_status", sa.Integer()),
    )


def downgrade() -> None:
    op.drop_table("crons")
