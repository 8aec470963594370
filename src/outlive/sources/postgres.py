"""A whole Postgres cluster, physically: BASE_BACKUP over the replication protocol (psycopg's libpq layer).

psycopg 3 has no replication API (psycopg#71), but `psycopg.pq.PGconn` passes COPY through as it is. The server sends,
one after another, a tar for each tablespace, `base.tar` with the WAL it needs, and `backup_manifest`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from select import select
from typing import Any

import psycopg
from psycopg import pq

from outlive.clock import Clock
from outlive.commands import postgres as words
from outlive.errors import DatabaseUnreachable, NotPermitted, SourceFailed
from outlive.model.asset import PostgresAsset
from outlive.sources.base import Lineage, Outcome, RawStream
from outlive.sources.postgres_inventory import inventory
from outlive.transport.postgres import Door, Way

STALL_SECONDS = 300
SERVER_ZSTD_LEVEL = 1
MANIFEST_STREAM = "backup_manifest"
BASE_STREAM = "base.tar"


@dataclass(frozen=True, slots=True)
class System:
    """What IDENTIFY_SYSTEM and the server's settings say."""

    system_identifier: str
    timeline: int
    version_num: int
    version: str
    facts: dict[str, Any]


class PostgresSource:
    """One cluster behind one way in. `remote` says that a network lies between: the server then compresses."""

    def __init__(self, asset: PostgresAsset, way: Way, clock: Clock, *, remote: bool) -> None:
        self._asset = asset
        self._way = way
        self._clock = clock
        self._on_server = asset.compress_on == "server" or (asset.compress_on == "auto" and remote)

    def identify(self) -> Lineage:
        with self._way.open() as door, door.replication() as connection:
            return lineage(identify(connection))

    @contextmanager
    def capture(self) -> Iterator[BaseBackup]:
        with self._way.open() as door, door.replication() as connection, _LsnSampler(door, self._clock) as sampler:
            system = identify(connection)
            before = inventory(door)
            zstd = SERVER_ZSTD_LEVEL if self._on_server and _server_has_zstd(door) else None
            options = words.BaseBackupOptions(zstd, self._asset.max_rate_bytes)
            yield BaseBackup(door, connection, system, sampler, before, options)


def lineage(system: System) -> Lineage:
    """A Postgres cluster is known by its system identifier, made once by initdb."""
    facts = {"system_identifier": system.system_identifier, "major": str(system.version_num // 10000)}
    return Lineage(f"pg-{system.system_identifier}", facts)


def identify(connection: psycopg.Connection[Any]) -> System:
    """Asks over a replication connection. Raises `DatabaseUnreachable`."""
    pgconn = connection.pgconn
    system = _one_row(pgconn, "IDENTIFY_SYSTEM")
    version = connection.info.server_version
    segment = _one_row(pgconn, "SHOW wal_segment_size")[0]
    facts = {"wal_segment_size": segment, "data_checksums": _one_row(pgconn, "SHOW data_checksums")[0] == "on"}
    return System(system[0], int(system[1]), version, _one_row(pgconn, "SHOW server_version")[0].split()[0], facts)


class BaseBackup:
    """A base backup under way."""

    def __init__(
        self,
        door: Door,
        connection: psycopg.Connection[Any],
        system: System,
        sampler: _LsnSampler,
        before: dict[str, Any],
        options: words.BaseBackupOptions,
    ) -> None:
        self.lineage = lineage(system)
        self._door = door
        self._pgconn = connection.pgconn
        self._system = system
        self._sampler = sampler
        self._before = before
        self._options = options
        self._tablespaces: list[dict[str, str]] = []
        self._start_lsn = self._end_lsn = ""

    def streams(self) -> Iterator[RawStream]:
        self._begin()
        yield from self._archives() if self._system.version_num >= 150000 else self._archives_14()
        self._end()

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
        return Outcome(until, source, {"before": self._before, "after": after}, _warnings(self._system, after))

    def _begin(self) -> None:
        command = words.base_backup(self._system.version_num, self._options)
        self._pgconn.send_query(command.encode())
        start = self._table("BASE_BACKUP")
        self._start_lsn = _text(start, 0, 0)
        spaces = self._table("BASE_BACKUP")
        rows = [(_text(spaces, row, 0), _text(spaces, row, 1)) for row in range(spaces.ntuples)]
        self._tablespaces = [{"oid": oid, "location": location} for oid, location in rows if oid]

    def _archives(self) -> Iterator[RawStream]:
        """15 and later: one COPY; a message `n` opens an archive, `m` the manifest, `d` is data, `p` progress."""
        self._expect_copy(self._result())
        messages = _Messages(self._pgconn)
        compressed = self._options.server_zstd is not None
        while (kind := messages.peek()) is not None:
            if kind == b"n":
                name = bytes(messages.take()[1:]).split(b"\0")[0].decode().removesuffix(".zst")
                yield RawStream(name, messages.data(), compressed)
            elif kind == b"m":
                messages.take()
                yield RawStream(MANIFEST_STREAM, messages.data())
            else:
                messages.take()

    def _archives_14(self) -> Iterator[RawStream]:
        """14: a COPY of its own for each tablespace, the base directory last, and one for the manifest. The two blocks
        of zeros that end an archive are left to the client there."""
        for name in [*(f"{space['oid']}.tar" for space in self._tablespaces), BASE_STREAM]:
            self._expect_copy(self._result())
            yield RawStream(name, chain(_Messages(self._pgconn).raw(), [bytes(1024)]))
        self._expect_copy(self._result())
        yield RawStream(MANIFEST_STREAM, _Messages(self._pgconn).raw())

    def _end(self) -> None:
        """After the COPY: its own status (14 and 15 differ in when), then the position where the backup ends."""
        while (result := self._result()).status == pq.ExecStatus.COMMAND_OK:
            pass
        if result.status != pq.ExecStatus.TUPLES_OK:
            raise _failed(result)
        self._end_lsn = _text(result, 0, 0)
        while (rest := _next_result(self._pgconn)) is not None:
            if rest.status == pq.ExecStatus.FATAL_ERROR:
                raise _failed(rest)

    def _result(self) -> pq.abc.PGresult:
        result = _next_result(self._pgconn)
        if result is None:
            raise SourceFailed("BASE_BACKUP: the server ended the conversation before the backup was complete.")
        return result

    def _table(self, what: str) -> pq.abc.PGresult:
        result = self._result()
        if result.status != pq.ExecStatus.TUPLES_OK:
            raise _failed(result, what)
        return result

    def _expect_copy(self, result: pq.abc.PGresult) -> None:
        if result.status != pq.ExecStatus.COPY_OUT:
            raise _failed(result)


class _Messages:
    """The messages of one COPY, one at a time, without blocking the interpreter while waiting for the network."""

    def __init__(self, pgconn: pq.abc.PGconn) -> None:
        self._pgconn = pgconn
        self._ahead: memoryview | None = None
        self._over = False

    def peek(self) -> bytes | None:
        """The kind of the next message; None after the last."""
        if self._ahead is None and not self._over:
            self._ahead = self._receive()
        return None if self._ahead is None else bytes(self._ahead[:1])

    def take(self) -> memoryview:
        """The next message."""
        assert self._ahead is not None
        message, self._ahead = self._ahead, None
        return message

    def data(self) -> Iterator[memoryview]:
        """The data of the archive that was opened last."""
        while (kind := self.peek()) in (b"d", b"p"):
            message = self.take()
            if kind == b"d":
                yield message[1:]

    def raw(self) -> Iterator[memoryview]:
        """Whole messages, for servers that put no kind in front."""
        while self.peek() is not None:
            yield self.take()

    def _receive(self) -> memoryview | None:
        while True:
            length, data = self._pgconn.get_copy_data(1)
            if length > 0:
                return data
            if length == -1:
                self._over = True
                return None
            _wait(self._pgconn)


class _LsnSampler:
    """Notes, twice a second, how far the server had written: so the moment that a position stands for is known without
    trusting the server's clock. A context manager; its thread ends with it."""

    def __init__(self, door: Door, clock: Clock) -> None:
        self._door = door
        self._clock = clock
        self._stop = threading.Event()
        self._samples: list[tuple[datetime, int]] = []

    def __enter__(self) -> _LsnSampler:
        self._connection = self._door.connect(self._door.database)
        self._sample()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=10)
        self._connection.close()

    def moment_of(self, position: int) -> datetime:
        """The latest moment of ours at which nothing beyond `position` had been written: all earlier commits are
        before it."""
        return max((at for at, lsn in self._samples if lsn <= position), default=self._samples[0][0])

    def _run(self) -> None:
        while not self._stop.wait(0.5):
            with suppress(psycopg.Error):  # fewer samples only make `data_until` earlier, never later
                self._sample()

    def _sample(self) -> None:
        at = self._clock.now()
        row = self._connection.execute(
            "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()"
            " ELSE pg_current_wal_insert_lsn() END::text"
        ).fetchone()
        if row and row[0]:
            self._samples.append((at, words.lsn(str(row[0]))))


def _next_result(pgconn: pq.abc.PGconn) -> pq.abc.PGresult | None:
    while True:
        pgconn.consume_input()
        if not pgconn.is_busy():
            return pgconn.get_result()
        _wait(pgconn)


def _wait(pgconn: pq.abc.PGconn) -> None:
    """Until the server has sent something. Raises when it says nothing for five minutes or goes away."""
    ready, _, _ = select([pgconn.socket], [], [], STALL_SECONDS)
    if not ready:
        raise SourceFailed(f"BASE_BACKUP: the server has sent nothing for {STALL_SECONDS} s.")
    try:
        pgconn.consume_input()
    except psycopg.OperationalError as error:
        raise SourceFailed(f"BASE_BACKUP: the connection broke: {_one_line(error)}") from error


def _one_row(pgconn: pq.abc.PGconn, query: str) -> list[str]:
    result = pgconn.exec_(query.encode())
    if result.status != pq.ExecStatus.TUPLES_OK or result.ntuples != 1:
        raise DatabaseUnreachable(f"{query}: {_one_line(result.error_message)}")
    return [_text(result, 0, column) for column in range(result.nfields)]


def _text(result: pq.abc.PGresult, row: int, column: int) -> str:
    return (result.get_value(row, column) or b"").decode()


def _failed(result: pq.abc.PGresult, what: str = "BASE_BACKUP") -> SourceFailed:
    said = f"{what}: {_one_line(result.error_message)}"
    state = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
    return NotPermitted(said) if state in ("42501", "28000") else SourceFailed(said)


def _one_line(said: object) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return " ".join(text.split()) or "no word from the server"


def _server_has_zstd(door: Door) -> bool:
    """BASE_BACKUP compresses since 15, where zstd was built in; `wal_compression` lists what was."""
    with door.connect(door.database) as connection:
        row = connection.execute(
            "SELECT 'zstd' = ANY (enumvals) FROM pg_settings WHERE name = 'wal_compression'"
        ).fetchone()
        return connection.info.server_version >= 150000 and bool(row and row[0])


def _warnings(system: System, found: dict[str, Any]) -> tuple[str, ...]:
    warnings = []
    if not system.facts["data_checksums"]:
        warnings.append("This cluster has no data checksums: silent disk errors are copied along unseen.")
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
