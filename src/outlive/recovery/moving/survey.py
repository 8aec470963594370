"""Both ends are asked for what `fit.py` judges. Reads only."""

from __future__ import annotations

from outlive.recovery.moving.ends import Connection, asking, rows
from outlive.recovery.moving.fit import Database, Server
from outlive.transport.postgres_door import Door

_USER = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
_OF_EXTENSION = (
    "EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')"
)
_RELATION = f"FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_USER}"
OWN_TABLES = f"{_RELATION} AND c.relkind = 'r' AND c.relpersistence <> 't' AND NOT {_OF_EXTENSION}"
_NAME = "SELECT format('%I.%I', n.nspname, c.relname)"
_KEYED = "EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indisvalid)"
_QUESTIONS = {
    "without_identity": f"{_NAME} {OWN_TABLES} AND c.relpersistence = 'p' AND (c.relreplident = 'n' "
    f"OR c.relreplident = 'd' AND NOT {_KEYED}) ORDER BY 1",
    "whole_row_identity": f"{_NAME} {OWN_TABLES} AND c.relreplident = 'f' ORDER BY 1",
    "unlogged": f"{_NAME} {OWN_TABLES} AND c.relpersistence = 'u' ORDER BY 1",
    "foreign": f"{_NAME} {_RELATION} AND c.relkind = 'f' ORDER BY 1",
    "of_extensions": "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_extension e, unnest(e.extconfig) one "
    "JOIN pg_class c ON c.oid = one JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' ORDER BY 1",
    "extensions": "SELECT extname::text FROM pg_extension ORDER BY 1",
    "event_triggers": "SELECT evtname::text FROM pg_event_trigger ORDER BY 1",
}
_SERVER = """
SELECT r.rolsuper, r.rolcreaterole, r.rolcreatedb,
       r.rolsuper OR EXISTS (SELECT FROM pg_roles g WHERE g.rolname IN
                             ('pg_create_subscription', 'rds_superuser', 'cloudsqlsuperuser', 'azure_pg_admin')
                             AND pg_has_role(r.oid, g.oid, 'member')),
       current_setting('wal_level'),
       least(current_setting('max_replication_slots')::int - (SELECT count(*) FROM pg_replication_slots),
             current_setting('max_wal_senders')::int - (SELECT count(*) FROM pg_stat_replication)),
       (SELECT count(*) FROM pg_prepared_xacts)
FROM pg_roles r WHERE r.rolname = current_user
"""
_DATABASES = "SELECT datname::text, pg_encoding_to_char(encoding)::text FROM pg_database WHERE datname <> 'template0'"


def server(door: Door) -> Server:
    with asking(door, door.database) as connection:
        ((superuser, makes_roles, makes_databases, subscribes, wal_level, slots, prepared),) = rows(connection, _SERVER)
        return Server(
            major=connection.info.server_version // 10000,
            is_superuser=superuser,
            makes_roles=makes_roles,
            makes_databases=makes_databases,
            subscribes=subscribes,
            roles=frozenset(_column(connection, "SELECT rolname::text FROM pg_roles WHERE rolname NOT LIKE 'pg\\_%'")),
            extensions=frozenset(_column(connection, "SELECT name::text FROM pg_available_extensions")),
            encodings=dict(rows(connection, _DATABASES)),
            wal_level=wal_level,
            free_slots=slots,
            prepared=prepared,
        )


def database(door: Door, name: str, encoding: str) -> Database:
    with asking(door, name) as connection:
        found = {key: tuple(_column(connection, query)) for key, query in _QUESTIONS.items()}
        (large,) = _column(connection, "SELECT count(*) FROM pg_largeobject_metadata")
    return Database(name, encoding, large_objects=int(large), **found)


def _column(connection: Connection, query: str) -> list[str]:
    return [one for (one,) in rows(connection, query)]
