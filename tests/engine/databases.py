"""Where the engine and the store keep their rows in tests: a file, or a database of its own in a real server."""

from __future__ import annotations

import secrets
from pathlib import Path

from tests.world.postgres import PostgresServer


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'state.db'}"


def postgres_url(server: PostgresServer) -> str:
    name = f"keeper_{secrets.token_hex(4)}"
    server.sql(f"create database {name}")
    return f"postgresql+psycopg://{server.superuser}@127.0.0.1:{server.port}/{name}"
