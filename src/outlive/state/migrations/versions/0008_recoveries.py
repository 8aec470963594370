"""Runs of runbooks, and what happened in them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "recoveries",
        sa.Column("id", sa.String(120), primary_key=True),
        sa.Column("began_at", sa.DateTime(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
    )
    op.create_table(
        "recovery_journal",
        sa.Column("run", sa.String(120), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("step", sa.String(200), nullable=False),
        sa.Column("what", sa.String(20), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
    )
