"""How far logs were read."""

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


def downgrade() -> None:
    op.drop_table("log_positions")
