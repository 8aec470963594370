"""A database as `pg_dump` writes it, from the live source, and a target emptied of what a killed attempt left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from psycopg.sql import SQL, Identifier

from outlive.commands import postgres as words
from outlive.errors import SourceFailed
from outlive.recovery.moving.ends import Connection, asking, rows
from outlive.transport.base import describe
from outlive.transport.postgres_door import Door

END_SECONDS = 120
READ_ONLY = "default_transaction_read_only"
NOT_OURS = ("--no-publications", "--no-subscriptions")
_RESTORES = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = %s AND application_name = 'pg_restore' AND usename = current_user
"""
_SCHEMAS = """
SELECT n.nspname::text FROM pg_namespace n WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = n.oid AND d.deptype = 'e')
"""


def dumped(door: Door, database: str, *, rows_too: bool) -> Iterator[bytes]:
    """The custom format. Raises `SourceFailed` at its end when `pg_dump` did not end well: then it is not whole."""
    only = () if rows_too else ("--schema-only",)
    yield from _said(door, (*words.pg_dump(database), *NOT_OURS, *only))


def whole(door: Door, argv: Sequence[str]) -> bytes:
    return b"".join(_said(door, argv))


def _said(door: Door, argv: Sequence[str]) -> Iterator[bytes]:
    with door.program(argv) as running:
        yield from running.chunks()
        ended = running.wait(END_SECONDS)
    if ended.status != 0:
        said = " | ".join(ended.stderr.strip().splitlines()[-3:])
        raise SourceFailed(f"{argv[0]}: {describe(ended.status)}: {said}")


def without_read_only(database: dict[str, Any]) -> dict[str, Any]:
    """As the inventory tells it, but for what shuts out writers of the source while it moves."""
    return database | {"settings": [one for one in database["settings"] if one["name"] != READ_ONLY]}


def emptied(door: Door, database: str) -> None:
    """Of what a killed attempt of this run has left: only where the run noted that it was empty before."""
    with asking(door, door.database) as connection:
        rows(connection, _RESTORES, database)
    with asking(door, database) as connection, connection.transaction():
        _empty(connection)


def _empty(connection: Connection) -> None:
    for (schema,) in rows(connection, _SCHEMAS):
        connection.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(schema)))
    connection.execute("CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC")
    if connection.info.server_version >= 150000:  # as initdb leaves it
        connection.execute("ALTER SCHEMA public OWNER TO pg_database_owner")
    connection.execute("SELECT lo_unlink(oid) FROM pg_largeobject_metadata")
