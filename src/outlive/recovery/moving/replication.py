"""A logical replication of this run: its names, and how all of it is taken away again, from both ends."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import psycopg
from psycopg.sql import SQL, Composed, Identifier, Literal

from outlive.errors import DatabaseUnreachable, Failed
from outlive.recovery.moving.ends import Connection, asking, rows, said
from outlive.recovery.moving.survey import OWN_TABLES
from outlive.transport.postgres_door import Door

END_SECONDS = 120.0
_TABLES = f"SELECT n.nspname::text, c.relname::text {OWN_TABLES} AND c.relpersistence = 'p' ORDER BY 1, 2"
_OIDS = """
SELECT s.oid::text FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
WHERE s.subname = %s AND d.datname = current_database()
"""
_STATES = """
SELECT r.srsubstate::text FROM pg_subscription_rel r JOIN pg_subscription s ON s.oid = r.srsubid WHERE s.subname = %s
"""
_SLOTS = "SELECT slot_name::text FROM pg_replication_slots WHERE slot_name = %s OR slot_name = ANY(%s)"
_SYNC_SLOTS = "SELECT slot_name::text FROM pg_replication_slots WHERE slot_name LIKE 'pg\\_' || %s || '\\_sync\\_%%'"
_DROP = """
SELECT pg_terminate_backend(active_pid, 10000) FROM pg_replication_slots WHERE slot_name = %s AND active_pid IS NOT NULL
"""


def named(run: str, database: str) -> str:
    """Of publication, subscription and slot: the same at every attempt, and of this run and database alone."""
    return f"outlive_{hashlib.sha256(f'{run}:{database}'.encode()).hexdigest()[:16]}"


def publish(connection: Connection, name: str) -> None:
    """Every ordinary table that is not an extension's; nothing when it is published already."""
    if rows(connection, "SELECT FROM pg_publication WHERE pubname = %s", name):
        return
    tables = [Identifier(schema, table) for schema, table in rows(connection, _TABLES)]
    which = SQL(" FOR TABLE ONLY ") + SQL(", ONLY ").join(tables) if tables else SQL("")
    connection.execute(SQL("CREATE PUBLICATION {}").format(Identifier(name)) + which)


def subscription(name: str, conninfo: str) -> Composed:
    """The statement, which holds the password of `conninfo`: it is never shown."""
    words = "CREATE SUBSCRIPTION {0} CONNECTION {1} PUBLICATION {0} WITH (copy_data = true, create_slot = true)"
    return SQL(words).format(Identifier(name), Literal(conninfo))


def states(connection: Connection, name: str) -> list[str] | None:
    """Of every table (`r` is in step); None when there is no such subscription."""
    if not rows(connection, _OIDS, name):
        return None
    return [state for (state,) in rows(connection, _STATES, name)]


def leftovers(here: Door, there: Door, databases: dict[str, str], run: str) -> Iterator[str]:
    """What of it is still there."""
    for database, called in databases.items():
        name = named(run, database)
        with asking(there, called) as connection:
            if rows(connection, _OIDS, name):
                yield f"subscription {name} in {called}"
        with asking(here, database) as connection:
            if rows(connection, "SELECT FROM pg_publication WHERE pubname = %s", name):
                yield f"publication {name} in {database}"
            if rows(connection, _SLOTS, name, []):
                yield f"slot {name}"


def end(here: Door, there: Door, databases: dict[str, str], run: str) -> None:
    """Subscription, slot and publication are gone, in whatever state they were. A slot that stayed would fill the source's
    disk, so it is dropped also when the target does not answer; that is raised only then."""
    troubles = []
    for database, called in databases.items():
        name = named(run, database)
        oids: list[str] = []
        try:
            with asking(there, called, seconds=END_SECONDS) as connection:
                oids = [oid for (oid,) in rows(connection, _OIDS, name)]
                if oids:
                    _detach(connection, name)
        except DatabaseUnreachable as error:
            troubles.append(error)
        with asking(here, database, seconds=END_SECONDS) as connection:
            sync = [slot for oid in oids for (slot,) in rows(connection, _SYNC_SLOTS, oid)]
            for (slot,) in rows(connection, _SLOTS, name, sync):
                _drop(connection, slot)
            connection.execute(SQL("DROP PUBLICATION IF EXISTS {}").format(Identifier(name)))
        if oids:  # last: its number is what the slots of its first copy are called by
            with asking(there, called, seconds=END_SECONDS) as connection:
                connection.execute(SQL("DROP SUBSCRIPTION IF EXISTS {}").format(Identifier(name)))
    if troubles:
        raise troubles[0]


def _detach(connection: Connection, name: str) -> None:
    """As Postgres' documentation says it where the publisher cannot be reached: the slot is then ours to drop."""
    which = SQL("ALTER SUBSCRIPTION {} ").format(Identifier(name))
    connection.execute(which + SQL("DISABLE"))
    connection.execute(which + SQL("SET (slot_name = NONE)"))


def drop_slot(connection: Connection, name: str) -> None:
    """One that a killed CREATE SUBSCRIPTION left; nothing when there is none."""
    for (slot,) in rows(connection, _SLOTS, name, []):
        _drop(connection, slot)


def _drop(connection: Connection, slot: str) -> None:
    rows(connection, _DROP, slot)
    try:
        rows(connection, "SELECT pg_drop_replication_slot(%s)", slot)
    except psycopg.Error as error:
        hint = f"SELECT pg_drop_replication_slot('{slot}'); at the source: a slot that stays fills its disk. Then --resume."
        raise Failed(f"the slot {slot} could not be dropped: {said(error)}", hint=hint) from None
