"""What was seen, who hosts are, where they were said to be, what was expected of them, and what they were judged to be."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = ("planted", "blind", "verdicts", "windows", "addresses", "enrolments", "sightings")


def upgrade() -> None:
    op.create_table(
        "sightings",
        sa.Column("key", sa.String(32), primary_key=True),
        sa.Column("at", sa.DateTime(), primary_key=True),
        sa.Column("until", sa.DateTime(), nullable=False, index=True),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.Text(), nullable=False),
        sa.Column("last", sa.Text(), nullable=False),
    )
    op.create_table(
        "enrolments",
        sa.Column("host", sa.String(100), primary_key=True),
        sa.Column("at", sa.DateTime(), primary_key=True),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("how", sa.String(300), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
    )
    op.create_table(
        "addresses",
        sa.Column("host", sa.String(100), primary_key=True),
        sa.Column("address", sa.String(255), primary_key=True),
        sa.Column("told_by", sa.String(300), primary_key=True),
        sa.Column("first_at", sa.DateTime(), nullable=False),
        sa.Column("last_at", sa.DateTime(), nullable=False),
        sa.Column("forgotten_at", sa.DateTime()),
    )
    op.create_table(
        "windows",
        sa.Column("host", sa.String(100), primary_key=True),
        sa.Column("since", sa.DateTime(), primary_key=True),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.Column("expect", sa.String(20), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
    )
    op.create_table(
        "verdicts",
        sa.Column("host", sa.String(100), primary_key=True),
        sa.Column("since", sa.DateTime(), primary_key=True),
        sa.Column("judged_at", sa.DateTime(), nullable=False),
        sa.Column("verdict", sa.String(40), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
    )
    op.create_table(
        "blind",
        sa.Column("what", sa.String(300), primary_key=True),
        sa.Column("since", sa.DateTime(), primary_key=True),
        sa.Column("until", sa.DateTime()),
        sa.Column("why", sa.Text(), nullable=False),
    )
    op.create_table(
        "planted",
        sa.Column("host", sa.String(100), primary_key=True),
        sa.Column("place", sa.String(255), primary_key=True),
        sa.Column("tag", sa.String(64), primary_key=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("removed_at", sa.DateTime()),
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
