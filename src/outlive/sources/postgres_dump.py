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
from outlive.errors import NotPermitted, OutliveError, SourceFailed
from outlive.model.asset import PostgresDumpAsset
from outlive.sources.base import Lineage, Outcome, RawStream
from outlive.sources.postgres_inventory import inventory
from outlive.transport.base import describe
from outlive.transport.postgres import Door, Way

GLOBALS_STREAM = "globals.sql"
HEAD_BYTES = 8 << 20


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
    """The system identifier where the server tells it; else the databases' own numbers, which a new server has anew."""
    with door.connect(database) as connection:
        major = str(connection.info.server_version // 10000)
        try:
            row = connection.execute("SELECT system_identifier::text FROM pg_control_system()").fetchone()
            identifier = str(row[0]) if row else ""
            return Lineage(f"pg-{identifier}", {"system_identifier": identifier, "major": major})
        except psycopg.Error:
            rows = connection.execute("SELECT oid::text, datname FROM pg_database WHERE NOT datistemplate ORDER BY 1")
            digest = sha256(repr(rows.fetchall()).encode()).hexdigest()[:16]
            return Lineage(f"pgdb-{digest}", {"databases_digest": digest, "major": major})


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
        """The databases that can be connected to. One that cannot be read fails the copy rather than missing from it."""
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
        """With role passwords where that is permitted; a managed server hides them, which is then said."""
        try:
            text = self._all_globals(role_passwords=True)
        except SourceFailed as error:
            if "permission denied" not in str(error):
                raise
            text = self._all_globals(role_passwords=False)
            self._warnings.append("Role passwords may not be read on this server: set them anew after a restore.")
        if words.GLOBALS_END not in text:
            raise SourceFailed("pg_dumpall ended without its last line; what it wrote is not a dump of the globals.")
        yield text

    def _all_globals(self, *, role_passwords: bool) -> bytes:
        door = self._door
        argv = words.pg_dumpall_globals(user=door.user, port=door.port, host=door.host, role_passwords=role_passwords)
        with door.program(argv) as running:
            text = b"".join(running.chunks())
            running.wait(60).check("pg_dumpall --globals-only")
        return text

    def _dump(self, database: dict[str, Any]) -> Iterator[bytes]:
        door = self._door
        argv = words.pg_dump(database["name"], user=door.user, port=door.port, host=door.host)
        head = bytearray()
        with door.program(argv) as running:
            for chunk in running.chunks():
                if len(head) < HEAD_BYTES:
                    head += chunk[: HEAD_BYTES - len(head)]
                    _check_magic(bytes(head))
                yield chunk
            ended = running.wait(60)
        if ended.status != 0:
            raise _dump_failed(ended.status, ended.stderr)
        if database["tables"] and b"TABLE" not in head:
            raise SourceFailed("pg_dump ended well, but what it wrote lists no table although there are some.")


def _check_magic(head: bytes) -> None:
    if not words.DUMP_MAGIC.startswith(head[:5]) and not head.startswith(words.DUMP_MAGIC):
        said = head[:200].decode("utf-8", "replace")
        raise SourceFailed(f"what pg_dump wrote is not a dump: {said!r}")


def _dump_failed(status: int, stderr: str) -> OutliveError:
    said = " | ".join(stderr.strip().splitlines()[-3:])
    message = f"pg_dump: {describe(status)}: {said}"
    return NotPermitted(message) if "permission denied" in said else SourceFailed(message)
