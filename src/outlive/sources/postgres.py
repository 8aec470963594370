"""A whole Postgres cluster, physically: BASE_BACKUP over the replication protocol.

The server sends, one after another, a tar for each tablespace, `base.tar` with the WAL it needs, and `backup_manifest`. When
it is shown the manifest of an earlier copy, only what changed since is in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import psycopg
from psycopg import pq

from outlive.clock import Clock
from outlive.commands import postgres as words
from outlive.errors import DatabaseUnreachable, NotPermitted, SourceFailed
from outlive.model.asset import PostgresAsset
from outlive.model.chain import CLUSTER_BYTES, FROM_LSN, Full, Origin, Prior
from outlive.sources.base import Lineage, Outcome, RawStream
from outlive.sources.base_backup import ARCHIVE, MANIFEST, STALL_SECONDS, Conversation, text
from outlive.sources.incremental import SINCE, Ability, PriorOf, against, cluster_bytes
from outlive.sources.lsn_sampler import LsnSampler
from outlive.sources.postgres_inventory import inventory
from outlive.sources.postgres_warnings import worth_a_word
from outlive.transport.postgres import Door, Way

SERVER_ZSTD_LEVEL = 1
CANCEL_SECONDS = 5.0
MANIFEST_STREAM = "backup_manifest"
BASE_STREAM = "base.tar"
TAR_END = bytes(1024)
_FULL = "A full copy was taken, not one of what changed: {why}."


@dataclass(frozen=True, slots=True)
class System:
    """What IDENTIFY_SYSTEM and the server's settings say. `summarizes`: it notes which blocks its log changes."""

    system_identifier: str
    timeline: int
    version_num: int
    version: str
    summarizes: bool
    facts: dict[str, Any]


class PostgresSource:
    """One cluster behind one way in. `remote` says that a network lies between: the server then compresses. A server
    that sends nothing for `stall_seconds` has failed. `prior_of` finds the copy that a new one may build on."""

    def __init__(
        self,
        asset: PostgresAsset,
        way: Way,
        clock: Clock,
        *,
        remote: bool,
        stall_seconds: float = STALL_SECONDS,
        prior_of: PriorOf = lambda origin: Full("no earlier copy is known"),
    ) -> None:
        self._asset = asset
        self._way = way
        self._clock = clock
        self._prior_of = prior_of
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
                backup.build_on(self._prior(backup))
                if self._asset.compress_on == "server" and not backup.compressed:
                    backup.warnings.append("This server cannot compress with zstd: the keeper did it instead.")
                yield backup

    def _prior(self, backup: BaseBackup) -> Prior | Full:
        system = backup.system
        ability = Ability(system.version_num, system.summarizes, backup.cluster_bytes)
        if full := against(self._asset.incremental, ability):
            return full
        return self._prior_of(Origin(backup.lineage.id, system.timeline, system.facts["data_checksums"]))

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
        version_num = connection.info.server_version
        summarizes = version_num >= SINCE and conversation.row("SHOW summarize_wal")[0] == "on"
    except NotPermitted:
        raise
    except SourceFailed as error:
        raise DatabaseUnreachable(error.detail) from error
    return System(system[0], int(system[1]), version_num, version, summarizes, facts)


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
        self.system = identify(connection)
        self.lineage = lineage(self.system)
        self.compressed = options.server_zstd is not None
        self.warnings: list[str] = []
        self._door = door
        self._server = Conversation(connection.pgconn, stall_seconds)
        self._sampler = sampler
        self._before = inventory(door)
        self.cluster_bytes = cluster_bytes(self._before)
        self._options = options
        self._prior: Prior | None = None
        self._tablespaces: list[dict[str, str]] = []
        self._start_lsn = self._end_lsn = ""

    def build_on(self, prior: Prior | Full) -> None:
        """Before `streams`: the copy will hold only what changed since that one, if the server can do it."""
        if isinstance(prior, Prior):
            self._prior = prior
        elif prior.is_trouble:
            self.warnings.append(_FULL.format(why=prior.why))

    def streams(self) -> Iterator[RawStream]:
        self._begin()
        yield from self._archives() if self.system.version_num >= 150000 else self._archives_14()
        self._end_lsn = text(self._server.table_after_copy(), 0, 0)
        self._server.end()

    def finish(self) -> Outcome:
        until = self._sampler.moment_of(words.lsn(self._end_lsn))
        after = inventory(self._door)
        source = {
            "postgres_version": self.system.version,
            "server_version_num": self.system.version_num,
            "system_identifier": self.system.system_identifier,
            "timeline": self.system.timeline,
            "start_lsn": self._start_lsn,
            "end_lsn": self._end_lsn,
            "image": self._door.image,
            "tablespaces": self._tablespaces,
            **self.system.facts,
            **({CLUSTER_BYTES: size} if (size := cluster_bytes(after)) else {}),
            **({FROM_LSN: self._prior.start_lsn} if self._prior else {}),
        }
        warnings = (*self.warnings, *worth_a_word(self.system.facts, after))
        parent = self._prior.copy if self._prior else None
        return Outcome(until, source, {"before": self._before, "after": after}, warnings, parent)

    def _begin(self) -> None:
        start = self._begin_on(self._prior) if self._prior else None
        if start is None:
            self._server.say(words.base_backup(self.system.version_num, self._options))
            start = self._server.table("BASE_BACKUP")
        self._start_lsn = text(start, 0, 0)
        spaces = self._server.table("BASE_BACKUP")
        rows = [(text(spaces, row, 0), text(spaces, row, 1)) for row in range(spaces.ntuples)]
        self._tablespaces = [{"oid": oid, "location": location} for oid, location in rows if oid]

    def _begin_on(self, prior: Prior) -> pq.abc.PGresult | None:
        """The first answer to a backup of what changed; None when the server will not do that."""
        command = words.base_backup(self.system.version_num, replace(self._options, incremental=True))
        refusal = self._server.upload(words.UPLOAD_MANIFEST, prior.backup_manifest)
        answer = refusal or self._server.attempt(command)
        if not isinstance(answer, str):
            return answer
        self._prior = None
        self.warnings.append(_FULL.format(why=f"the server will not build on copy {prior.copy} ({answer})"))
        return None

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
