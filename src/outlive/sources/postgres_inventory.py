"""What is in a Postgres cluster: databases with their settings and rights, tables with their rows, roles, extensions.
Kept (encrypted) with each copy, so that a drill can say whether everything came back.

Rows are counted exactly up to a size, smallest tables first; beyond it the planner's estimate is kept and marked as such,
because a backup must not read a large production database twice more.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import psycopg
from psycopg.rows import dict_row

from outlive.errors import DatabaseUnreachable
from outlive.sources import inventory_queries as queries
from outlive.transport.postgres_door import PATIENCE_SECONDS, Door, one_line, patience

COUNT_UP_TO_BYTES = 256 << 20  # of one database
DRILL_SECONDS = 6 * 3600.0  # nobody else waits for a throwaway server
PROVIDERS_OWN = ("rdsadmin", "cloudsqladmin", "azure_maintenance", "azure_sys")  # nobody else may connect to them
_BUSY = (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled, psycopg.errors.UndefinedTable)

Connection = psycopg.Connection[Any]


def inventory(door: Door, *, count_all: bool = False, patience_seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
    """`{"roles": [..], "databases": [{"name", .., "settings", "acl", "extensions": [..], "tables": [{"schema", "name",
    "rows", "exact", "changed", ..}]}]}`. A database that may not be connected to has no "tables".

    `changed` counts inserts and deletes so far: it bounds how far a moving table may differ. With `count_all` (a
    throwaway server) every table is counted, however large. Raises `DatabaseUnreachable`, also for a server that hangs.
    """
    looking = _Looking(door, count_all, DRILL_SECONDS if count_all else patience_seconds)
    found = looking.cluster()
    for database in found["databases"]:
        if database["open"]:
            database |= looking.database(database["name"])
    # template1 is everybody's; only what somebody put there by mistake would be missed
    found["databases"] = [one for one in found["databases"] if one["name"] != "template1" or one.get("tables")]
    return found


class _Looking:
    """One look, with its limits."""

    def __init__(self, door: Door, count_all: bool, patience_seconds: float) -> None:
        self._door = door
        self._count_all = count_all
        self._patience = patience_seconds

    def cluster(self) -> dict[str, Any]:
        with self._door.connect(self._door.database) as connection:
            databases = self._rows(connection, queries.DATABASES)
            settings = self._rows(connection, queries.SETTINGS)
            for database in databases:
                own = [one for one in settings if one["database"] == database["name"]]
                database["settings"] = [{key: one[key] for key in ("role", "name", "value")} for one in own]
            return {
                "roles": self._rows(connection, queries.ROLES),
                "databases": [one for one in databases if one["name"] not in PROVIDERS_OWN],
                **self._rows(connection, queries.SERVER)[0],
            }

    def database(self, name: str) -> dict[str, Any]:
        with self._door.connect(name) as connection:
            connection.execute(queries.UNHURRIED if self._count_all else queries.CAREFUL)
            version = connection.info.server_version
            collation = self._rows(connection, queries.COLLATION if version >= 150000 else queries.COLLATION_14)
            tables = self._tables(connection)
            cheap = self._cheap(tables)
            return {
                "tables": [one | self._count(connection, one, cheap=_key(one) in cheap) for one in tables],
                "extensions": self._rows(connection, queries.EXTENSIONS),
                "collation_versions": collation[0] if collation else {"recorded": None, "actual": None},
            }

    def _tables(self, connection: Connection) -> list[dict[str, Any]]:
        try:
            return self._rows(connection, queries.TABLES.format(size=queries.SIZE))
        except DatabaseUnreachable as error:
            if not isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
                raise
        return self._rows(connection, queries.TABLES.format(size=queries.SIZE_KNOWN))

    def _cheap(self, tables: list[dict[str, Any]]) -> set[tuple[str, str]]:
        """The tables that may be read: the smallest, as many as together stay below the limit."""
        smallest = sorted((table for table in tables if table["readable"]), key=lambda table: table["bytes"])
        totals = accumulate(table["bytes"] for table in smallest)
        fits = (self._count_all or total <= COUNT_UP_TO_BYTES for total in totals)
        return {_key(table) for table, fit in zip(smallest, fits, strict=True) if fit}

    def _count(self, connection: Connection, table: dict[str, Any], *, cheap: bool) -> dict[str, Any]:
        """Exact where it is cheap; an estimate where the table is large, locked or slow; what Postgres said where it
        could not be read: that is damage."""
        estimate: dict[str, Any] = {"rows": table["estimate"], "exact": False}
        if not cheap:
            return estimate
        name = psycopg.sql.Identifier(table["schema"], table["name"])
        try:
            with patience(connection, self._patience):
                row = connection.execute(psycopg.sql.SQL("SELECT count(*) FROM ONLY {}").format(name)).fetchone()
        except (*_BUSY, psycopg.errors.InsufficientPrivilege):  # row security hides rows from us
            return estimate
        except psycopg.Error as error:
            if connection.closed:
                raise DatabaseUnreachable(f"the inventory could not be read: {one_line(error)}") from error
            return estimate | {"unreadable": one_line(error)}
        return {"rows": row[0] if row else 0, "exact": True}

    def _rows(self, connection: Connection, query: str) -> list[dict[str, Any]]:
        try:
            with patience(connection, self._patience), connection.cursor(row_factory=dict_row) as cursor:
                return cursor.execute(query.encode()).fetchall()
        except psycopg.Error as error:
            raise DatabaseUnreachable(f"the inventory could not be read: {one_line(error)}") from error


def _key(table: dict[str, Any]) -> tuple[str, str]:
    return table["schema"], table["name"]
