"""How checks answered, by hour."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "tallies",
        sa.Column("subject", sa.String(100), primary_key=True),
        sa.Column("check", sa.String(300), primary_key=True),
        sa.Column("at", sa.DateTime(), primary_key=True, index=True),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("timed", sa.Integer(), nullable=False),
        sa.Column("total_seconds", sa.Float(), nullable=False),
        sa.Column("most_seconds", sa.Float(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("tallies")
