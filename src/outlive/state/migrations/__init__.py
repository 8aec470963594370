"""Brings the tables up to date. Alembic weighs 8 MB and is loaded only when there is something to do."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from outlive.state.errors import StateTooNew

HEAD = "0009"  # the newest file in versions/


def version(connection: Connection) -> str | None:
    """What the tables are of; None for a database without any of ours."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found


def upgrade(connection: Connection, to: str = "head") -> None:
    """Within the connection's transaction. Raises `StateTooNew` for tables that a newer version has made."""
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, to)
    except CommandError as error:
        raise StateTooNew(str(error)) from error
