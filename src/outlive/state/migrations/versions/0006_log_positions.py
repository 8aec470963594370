"""How far logs were read, and what a person has said of what was found in them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "log_positions",
        sa.Column("reader", sa.String(300), primary_key=True),
        sa.Column("log", sa.String(700), primary_key=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
    )
    op.create_table(
        "settlements",
        sa.Column("subject", sa.String(255), primary_key=True),
        sa.Column("service", sa.String(255), primary_key=True),
        sa.Column("rule", sa.String(100), primary_key=True),
        sa.Column("fingerprint", sa.String(100), primary_key=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("how", sa.String(20), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("settlements")
    op.drop_table("log_positions")
