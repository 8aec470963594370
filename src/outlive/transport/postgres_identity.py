"""Which Postgres cluster is this, and how far is it: one cheap question through any way in."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import psycopg

from outlive.errors import DatabaseUnreachable
from outlive.transport.postgres import Way
from outlive.transport.postgres_door import Connection, Door, one_line, patience

PATIENCE_SECONDS = 15.0
# A primary's own timeline is in the name of its log's current file; the control file may still have the one before.
_ASK = """SELECT s.system_identifier::text,
    CASE WHEN pg_is_in_recovery() THEN c.timeline_id
         ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END,
    (CASE WHEN pg_is_in_recovery() THEN GREATEST(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
         ELSE pg_current_wal_lsn() END)::text
  FROM pg_control_system() s, pg_control_checkpoint() c"""


@dataclass(frozen=True, slots=True)
class PostgresIdentity:
    """`system_identifier` is made with the cluster and stays with its data; `timeline` and `lsn` only ever grow, unless
    the data is an older copy."""

    system_identifier: str
    timeline: int
    lsn: str


def identify(way: Way) -> PostgresIdentity:
    """Raises `DatabaseUnreachable` and kin."""
    with way.open() as door:
        return identify_through(door)


def identify_through(door: Door) -> PostgresIdentity:
    """As `identify`, where a way in is open already."""
    try:
        with closing(door.connect(door.database)) as connection, patience(connection, PATIENCE_SECONDS):
            return _ask(door, connection)
    except psycopg.Error as error:
        raise DatabaseUnreachable(one_line(error)) from error


def _ask(door: Door, connection: Connection) -> PostgresIdentity:
    """A role that may not read the control file may perhaps replicate: that protocol tells the same."""
    try:
        row = connection.execute(_ASK).fetchone()
    except psycopg.errors.InsufficientPrivilege:
        with closing(door.replication()) as other, patience(other, PATIENCE_SECONDS):
            row = other.execute("IDENTIFY_SYSTEM").fetchone()
    if row is None or row[2] is None:
        raise DatabaseUnreachable("it does not say how far its log is.")
    return PostgresIdentity(str(row[0]), int(str(row[1])), str(row[2]))
