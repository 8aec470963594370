"""How much more a server may write before it gives a slot up."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("streams") as table:
        table.add_column(sa.Column("safe_bytes", sa.BigInteger()))


def downgrade() -> None:
    with op.batch_alter_table("streams") as table:
        table.drop_column("safe_bytes")
