"""What is in a Postgres cluster: databases, tables with their rows, roles, extensions. Kept (encrypted) with each copy,
so that a drill can say whether everything came back.

Rows are counted exactly up to a size; above it the planner's estimate is kept and marked as such, because a backup must
not read a large production table twice.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.rows import dict_row

from outlive.errors import DatabaseUnreachable
from outlive.transport.postgres import Door

COUNT_UP_TO_BYTES = 256 << 20
PROVIDERS_OWN = ("rdsadmin", "cloudsqladmin", "azure_maintenance", "azure_sys")  # nobody else may connect to them
TIMEOUT = "SET statement_timeout = '120s'; SET lock_timeout = '5s'; SET default_transaction_read_only = on"

_DATABASES = """
SELECT d.oid::bigint AS oid, d.datname AS name, pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate,
       d.datctype AS ctype, pg_get_userbyid(d.datdba) AS owner,
       CASE WHEN has_database_privilege(d.oid, 'CONNECT') THEN pg_database_size(d.oid) END AS bytes, d.datallowconn
FROM pg_database d WHERE NOT d.datistemplate ORDER BY d.datname
"""

_TABLES = """
SELECT n.nspname AS schema, c.relname AS name, pg_table_size(c.oid) AS bytes,
       greatest(c.reltuples, 0)::bigint AS estimate,
       coalesce(s.n_tup_ins + s.n_tup_del, 0) AS changed, c.relpersistence = 'u' AS unlogged,
       has_table_privilege(c.oid, 'SELECT') AS readable
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
ORDER BY 1, 2
"""

_EXTENSIONS = "SELECT extname AS name, extversion AS version FROM pg_extension ORDER BY 1"
_ROLES = """
SELECT rolname AS name, rolsuper AS superuser, rolcanlogin AS login FROM pg_roles WHERE rolname NOT LIKE 'pg\\_%' ORDER BY 1
"""


def inventory(door: Door) -> dict[str, Any]:
    """`{"roles": [..], "databases": [{"name", .., "extensions": [..], "tables": [{"schema", "name", "rows", "exact",
    "changed", ..}]}]}`. `changed` counts inserts and deletes so far: it bounds how far a moving table may differ."""
    with door.connect(door.database) as connection:
        databases = [found for found in _rows(connection, _DATABASES) if found["name"] not in PROVIDERS_OWN]
        roles = _rows(connection, _ROLES)
    for database in databases:
        if database.pop("datallowconn"):
            database |= _database(door, database["name"])
    return {"roles": roles, "databases": databases}


def _database(door: Door, name: str) -> dict[str, Any]:
    with door.connect(name) as connection:
        connection.execute(TIMEOUT)
        collation = _collation(connection)
        tables = [table | _count(connection, table) for table in _rows(connection, _TABLES)]
        return {"extensions": _rows(connection, _EXTENSIONS), "tables": tables, "collation_versions": collation}


def _count(connection: psycopg.Connection[Any], table: dict[str, Any]) -> dict[str, Any]:
    """Exact where it is cheap; an estimate where the table is large, locked or slow."""
    estimate = {"rows": table["estimate"], "exact": False}
    if table["bytes"] > COUNT_UP_TO_BYTES or not table["readable"]:
        return estimate
    name = psycopg.sql.Identifier(table["schema"], table["name"])
    try:
        row = connection.execute(psycopg.sql.SQL("SELECT count(*) FROM ONLY {}").format(name)).fetchone()
    except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled, psycopg.errors.UndefinedTable):
        return estimate
    return {"rows": row[0] if row else 0, "exact": True}


def _collation(connection: psycopg.Connection[Any]) -> dict[str, str | None]:
    """The collation version the database was made with and the one its server has now (15 and later): when they part,
    text indexes may be silently wrong (research: backup.md section 4, row 25)."""
    if connection.info.server_version < 150000:
        return {}
    row = connection.execute(
        "SELECT datcollversion, pg_database_collation_actual_version(oid)"
        " FROM pg_database WHERE datname = current_database()"
    ).fetchone()
    return {"recorded": row[0], "actual": row[1]} if row else {}


def _rows(connection: psycopg.Connection[Any], query: str) -> list[dict[str, Any]]:
    try:
        with connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.encode()).fetchall()
    except psycopg.Error as error:
        raise DatabaseUnreachable(f"the inventory could not be read: {error}") from error
