"""What is wrong, who was told, and what people noted."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("cause", sa.String(300), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), index=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime()),
        sa.Column("acknowledged_by", sa.String(200), nullable=False, server_default=""),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(300), primary_key=True),
        sa.Column("channel", sa.String(100), nullable=False, index=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False, index=True),
        sa.Column("ended_at", sa.DateTime()),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("incident", sa.Integer(), index=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("learnt_at", sa.DateTime(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("events")
    op.drop_table("deliveries")
    op.drop_table("incidents")
