"""How runs ended, how many were begun, the keeper's sign of life, and how far a server's clock is from ours."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("schedules") as table:
        table.add_column(sa.Column("runs", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("streams") as table:
        table.add_column(sa.Column("skew_seconds", sa.Float()))
    op.create_table(
        "outcomes",
        sa.Column("job", sa.String(200), primary_key=True),
        sa.Column("run", sa.String(300), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
    )
    op.create_table(
        "beats",
        sa.Column("keeper", sa.String(100), primary_key=True),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("told_at", sa.DateTime(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("beats")
    op.drop_table("outcomes")
    with op.batch_alter_table("streams") as table:
        table.drop_column("skew_seconds")
    with op.batch_alter_table("schedules") as table:
        table.drop_column("runs")
