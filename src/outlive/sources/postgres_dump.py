"""Every database of a server, logically: `pg_dump` of each, and what belongs to none of them (`pg_dumpall --globals-only`).

For servers that give no replication (RDS, Neon, Supabase), for upgrades, and as a second kind of copy. The programs are
the server's own. A dump is whole only when its program ended with status 0 *and* its own marks are there: the custom
format's magic and a table of contents that names tables, the globals' last line (research: backup.md section 4, rows 1,
2, 4, 5).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from typing import Any

import psycopg

from outlive.clock import Clock
from outlive.commands import postgres as words
from outlive.errors import DatabaseUnreachable, NotPermitted, SourceFailed
from outlive.model.asset import PostgresDumpAsset
from outlive.sources.base import Lineage, Outcome, RawStream
from outlive.sources.postgres_inventory import inventory
from outlive.transport.base import Completed, describe
from outlive.transport.postgres import Way
from outlive.transport.postgres_door import Door, one_line, patience

GLOBALS_STREAM = "globals.sql"
HEAD_BYTES = 8 << 20
MAGIC_BYTES = len(words.DUMP_MAGIC)
GLOBALS_TAIL_BYTES = 4096  # after its last line 17.6 and later write `\unrestrict`
END_SECONDS = 120  # the bytes are all there; what is left is to exit


class PostgresDumpSource:
    """One server behind one way in."""

    def __init__(self, asset: PostgresDumpAsset, way: Way, clock: Clock) -> None:
        self._asset = asset
        self._way = way
        self._clock = clock

    def identify(self) -> Lineage:
        with self._way.open() as door:
            return lineage(door, door.database)

    @contextmanager
    def capture(self) -> Iterator[Dumps]:
        with self._way.open() as door:
            yield Dumps(door, self._clock)


def lineage(door: Door, database: str) -> Lineage:
    """The system identifier where the server tells it; else the number of the database that was asked, which a new
    server may or may not have anew."""
    with door.connect(database) as connection:
        major = str(connection.info.server_version // 10000)
        try:
            with patience(connection):
                identifier = _one(connection, "SELECT system_identifier::text FROM pg_control_system()")
            return Lineage(f"pg-{identifier}", {"system_identifier": identifier, "major": major})
        except _HIDDEN:
            number = _one(connection, "SELECT oid::text FROM pg_database WHERE datname = current_database()")
            digest = sha256(f"{database} {number}".encode()).hexdigest()[:16]
            return Lineage(f"pgdb-{digest}", {"database_digest": digest, "major": major})
        except psycopg.Error as error:
            raise DatabaseUnreachable(f"its identity could not be asked: {one_line(error)}") from error


_HIDDEN = (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedFunction)


def _one(connection: psycopg.Connection[Any], query: str) -> str:
    row = connection.execute(query.encode()).fetchone()
    return str(row[0]) if row else ""


class Dumps:
    """Dumps under way."""

    def __init__(self, door: Door, clock: Clock) -> None:
        self._door = door
        self._clock = clock
        self._database = door.database
        self.lineage = lineage(door, self._database)
        self._began: datetime | None = None
        self._before: dict[str, Any] = {}
        self._warnings: list[str] = []

    def streams(self) -> Iterator[RawStream]:
        self._began = self._clock.now()
        self._before = inventory(self._door)
        yield RawStream(GLOBALS_STREAM, self._globals())
        for number, database in enumerate(self._dumped()):
            database["stream"] = f"{number:03d}.dump"
            yield RawStream(database["stream"], self._dump(database))

    def finish(self) -> Outcome:
        assert self._began
        after = inventory(self._door)
        source = {"image": self._door.image, **self._version()}
        self._warn_of_new(after)
        return Outcome(self._began, source, {"before": self._before, "after": after}, tuple(self._warnings))

    def _dumped(self) -> list[dict[str, Any]]:
        """The databases that can be connected to. One that cannot be read fails the copy rather than missing from it;
        one that nobody may connect to is told."""
        closed = [database for database in self._before["databases"] if not database["allows_connections"]]
        if closed:
            self._warnings.append(f"{len(closed)} database(s) allow no connections and are not in this copy.")
        locked = [one["name"] for one in self._before["databases"] if one["allows_connections"] and not one["open"]]
        if locked:
            raise NotPermitted(
                f"{len(locked)} database(s) may not be connected to, {locked[0]!r} among them.",
                hint=f'Per database: GRANT CONNECT ON DATABASE "{locked[0]}" TO the role that takes copies.',
            )
        return [database for database in self._before["databases"] if "tables" in database]

    def _version(self) -> dict[str, Any]:
        with self._door.connect(self._database) as connection:
            row = connection.execute("SHOW server_version").fetchone()
            version = str(row[0]).split()[0] if row else ""
            return {"postgres_version": version, "server_version_num": connection.info.server_version}

    def _warn_of_new(self, after: dict[str, Any]) -> None:
        names = {database["name"] for database in self._before["databases"]}
        new = sum(database["name"] not in names for database in after["databases"])
        if new:
            self._warnings.append(f"{new} database(s) appeared while this copy was taken and are not in it.")

    def _globals(self) -> Iterator[bytes]:
        """With role passwords where that is permitted; a managed server hides them, which is then said. (In whatever
        language it refuses: what fails with them and works without was about them.)"""
        try:
            text = self._all_globals(role_passwords=True)
        except SourceFailed:
            text = self._all_globals(role_passwords=False)
            self._warnings.append("Role passwords may not be read on this server: set them anew after a restore.")
        if words.GLOBALS_END not in text[-GLOBALS_TAIL_BYTES:]:
            raise SourceFailed("pg_dumpall ended without its last line; what it wrote is not a dump of the globals.")
        yield text

    def _all_globals(self, *, role_passwords: bool) -> bytes:
        with self._door.program(words.pg_dumpall_globals(role_passwords=role_passwords)) as running:
            text = b"".join(running.chunks())
            ended = running.wait(END_SECONDS)
        if ended.status != 0:
            raise _failed("pg_dumpall", ended)
        return text

    def _dump(self, database: dict[str, Any]) -> Iterator[bytes]:
        """Its chunks, each looked at before it is handed on: what does not begin as a dump is none."""
        head = bytearray()
        with self._door.program(words.pg_dump(database["name"])) as running:
            for chunk in running.chunks():
                if len(head) < HEAD_BYTES:
                    head += chunk[: HEAD_BYTES - len(head)]
                    _check_magic(bytes(head[:MAGIC_BYTES]), chunk)
                yield chunk
            ended = running.wait(END_SECONDS)
        if ended.status != 0:
            raise _failed("pg_dump", ended)
        if not head.startswith(words.DUMP_MAGIC):
            raise SourceFailed("pg_dump ended well and wrote no dump.")
        if database["tables"] and b"TABLE" not in head:
            raise SourceFailed("pg_dump ended well, but what it wrote lists no table although there are some.")


def _check_magic(head: bytes, chunk: bytes) -> None:
    if not words.DUMP_MAGIC.startswith(head):
        said = " ".join(chunk[:200].decode("utf-8", "replace").split())
        raise SourceFailed(f"what pg_dump wrote is not a dump: {said!r}")


def _failed(program: str, ended: Completed) -> SourceFailed:
    said = " | ".join(ended.stderr.strip().splitlines()[-3:])
    message = f"{program}: {describe(ended.status)}: {said}"
    if ended.status in (126, 127):
        return SourceFailed(message, hint=f"{program} must be where the server is, or on this machine (a dsn or port).")
    if "row-level security" in said or "row security" in said:
        return NotPermitted(message, hint="As a superuser: ALTER ROLE ... BYPASSRLS; for the role that takes copies.")
    if "large object" in said:
        return NotPermitted(
            message, hint="As a superuser: ALTER ROLE ... SET lo_compat_privileges = on; for that role."
        )
    if "permission denied" in said or "must be superuser" in said or "must be owner" in said:
        return NotPermitted(message, hint="As a superuser: GRANT pg_read_all_data TO the role that takes copies.")
    return SourceFailed(message)
