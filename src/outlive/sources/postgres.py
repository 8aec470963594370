"""A whole Postgres cluster, physically: BASE_BACKUP over the replication protocol.

The server sends, one after another, a tar for each tablespace, `base.tar` with the WAL it needs, and `backup_manifest`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any

import psycopg

from outlive.clock import Clock
from outlive.commands import postgres as words
from outlive.errors import DatabaseUnreachable, NotPermitted, SourceFailed
from outlive.model.asset import PostgresAsset
from outlive.sources.base import Lineage, Outcome, RawStream
from outlive.sources.base_backup import ARCHIVE, MANIFEST, STALL_SECONDS, Conversation, text
from outlive.sources.lsn_sampler import LsnSampler
from outlive.sources.postgres_inventory import inventory
from outlive.transport.postgres import Door, Way

SERVER_ZSTD_LEVEL = 1
CANCEL_SECONDS = 5.0
MANIFEST_STREAM = "backup_manifest"
BASE_STREAM = "base.tar"
TAR_END = bytes(1024)


@dataclass(frozen=True, slots=True)
class System:
    """What IDENTIFY_SYSTEM and the server's settings say."""

    system_identifier: str
    timeline: int
    version_num: int
    version: str
    facts: dict[str, Any]


class PostgresSource:
    """One cluster behind one way in. `remote` says that a network lies between: the server then compresses. A server
    that sends nothing for `stall_seconds` has failed."""

    def __init__(
        self, asset: PostgresAsset, way: Way, clock: Clock, *, remote: bool, stall_seconds: float = STALL_SECONDS
    ) -> None:
        self._asset = asset
        self._way = way
        self._clock = clock
        self._stall_seconds = stall_seconds
        self._on_server = asset.compress_on == "server" or (asset.compress_on == "auto" and remote)

    def identify(self) -> Lineage:
        with self._way.open() as door, closing(door.replication()) as connection:
            return lineage(identify(connection))

    @contextmanager
    def capture(self) -> Iterator[BaseBackup]:
        with self._way.open() as door, closing(door.replication()) as connection:
            with LsnSampler(door, self._clock) as sampler, _cancelled_on_error(connection):
                backup = BaseBackup(door, connection, sampler, self._options(door), self._stall_seconds)
                if self._asset.compress_on == "server" and not backup.compressed:
                    backup.warnings.append("This server cannot compress with zstd: the keeper did it instead.")
                yield backup

    def _options(self, door: Door) -> words.BaseBackupOptions:
        zstd = SERVER_ZSTD_LEVEL if self._on_server and _server_has_zstd(door) else None
        return words.BaseBackupOptions(zstd, self._asset.max_rate_bytes)


def lineage(system: System) -> Lineage:
    """A Postgres cluster is known by its system identifier, made once by initdb."""
    facts = {"system_identifier": system.system_identifier, "major": str(system.version_num // 10000)}
    return Lineage(f"pg-{system.system_identifier}", facts)


def identify(connection: psycopg.Connection[Any]) -> System:
    """Asks over a replication connection. Raises `DatabaseUnreachable`, `NotPermitted`."""
    conversation = Conversation(connection.pgconn, stall_seconds=30)
    try:
        system = conversation.row("IDENTIFY_SYSTEM")
        facts = {
            "wal_segment_size": conversation.row("SHOW wal_segment_size")[0],
            "data_checksums": conversation.row("SHOW data_checksums")[0] == "on",
        }
        version = conversation.row("SHOW server_version")[0].split()[0]
    except NotPermitted:
        raise
    except SourceFailed as error:
        raise DatabaseUnreachable(error.detail) from error
    return System(system[0], int(system[1]), connection.info.server_version, version, facts)


class BaseBackup:
    """A base backup under way."""

    def __init__(
        self,
        door: Door,
        connection: psycopg.Connection[Any],
        sampler: LsnSampler,
        options: words.BaseBackupOptions,
        stall_seconds: float,
    ) -> None:
        self._system = identify(connection)
        self.lineage = lineage(self._system)
        self.compressed = options.server_zstd is not None
        self.warnings: list[str] = []
        self._door = door
        self._server = Conversation(connection.pgconn, stall_seconds)
        self._sampler = sampler
        self._before = inventory(door)
        self._options = options
        self._tablespaces: list[dict[str, str]] = []
        self._start_lsn = self._end_lsn = ""

    def streams(self) -> Iterator[RawStream]:
        self._begin()
        yield from self._archives() if self._system.version_num >= 150000 else self._archives_14()
        self._end_lsn = text(self._server.table_after_copy(), 0, 0)
        self._server.end()

    def finish(self) -> Outcome:
        until = self._sampler.moment_of(words.lsn(self._end_lsn))
        after = inventory(self._door)
        source = {
            "postgres_version": self._system.version,
            "server_version_num": self._system.version_num,
            "system_identifier": self._system.system_identifier,
            "timeline": self._system.timeline,
            "start_lsn": self._start_lsn,
            "end_lsn": self._end_lsn,
            "image": self._door.image,
            "tablespaces": self._tablespaces,
            **self._system.facts,
        }
        warnings = (*self.warnings, *_warnings(self._system, after))
        return Outcome(until, source, {"before": self._before, "after": after}, warnings)

    def _begin(self) -> None:
        self._server.say(words.base_backup(self._system.version_num, self._options))
        self._start_lsn = text(self._server.table("BASE_BACKUP"), 0, 0)
        spaces = self._server.table("BASE_BACKUP")
        rows = [(text(spaces, row, 0), text(spaces, row, 1)) for row in range(spaces.ntuples)]
        self._tablespaces = [{"oid": oid, "location": location} for oid, location in rows if oid]

    def _archives(self) -> Iterator[RawStream]:
        messages = self._server.copy()
        while (kind := messages.peek()) is not None:
            message = messages.take()
            if kind == ARCHIVE:
                name = bytes(message[1:]).split(b"\0")[0].decode().removesuffix(".zst")
                yield RawStream(name, messages.data(), self.compressed)
            elif kind == MANIFEST:
                yield RawStream(MANIFEST_STREAM, messages.data())

    def _archives_14(self) -> Iterator[RawStream]:
        """The two blocks of zeros that end an archive are left to the client there."""
        for name in [*(f"{space['oid']}.tar" for space in self._tablespaces), BASE_STREAM]:
            yield RawStream(name, chain(self._server.copy().raw(), [TAR_END]))
        yield RawStream(MANIFEST_STREAM, self._server.copy().raw())


@contextmanager
def _cancelled_on_error(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """When we stop reading, the server is told so: else it might read the whole cluster for nobody."""
    try:
        yield
    except BaseException:
        with suppress(psycopg.Error):
            connection.cancel_safe(timeout=CANCEL_SECONDS)
        raise


def _server_has_zstd(door: Door) -> bool:
    """BASE_BACKUP compresses since 15, where zstd was built in; `wal_compression` lists what was."""
    query = "SELECT 'zstd' = ANY (enumvals) FROM pg_settings WHERE name = 'wal_compression'"
    with door.connect(door.database) as connection:
        row = connection.execute(query).fetchone()
        return connection.info.server_version >= 150000 and bool(row and row[0])


def _warnings(system: System, found: dict[str, Any]) -> tuple[str, ...]:
    warnings = []
    if not system.facts["data_checksums"]:
        warnings.append("This cluster has no data checksums: silent disk errors are copied along unseen.")
    if found.get("config_outside"):
        warnings.append(
            "Its configuration files lie outside the data directory and are not in this copy: "
            "guard them with an asset of kind `config`."
        )
    if broken := sum("unreadable" in table for one in found["databases"] for table in one.get("tables", [])):
        warnings.append(
            f"{broken} table(s) could not be read when their rows were counted: run pg_amcheck, the disk may be damaged."
        )
    drifted = sum(
        1
        for database in found["databases"]
        if (versions := database.get("collation_versions")) and versions["recorded"] != versions["actual"]
    )
    if drifted:
        warnings.append(
            f"In {drifted} database(s) the collation version differs from the server's: reindex text indexes."
        )
    return tuple(warnings)
