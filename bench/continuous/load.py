"""What happens on production meanwhile: pgbench at a given rate, and a writer who notes what was acknowledged."""

from __future__ import annotations

import subprocess
import threading
import time
from dataclasses import replace
from pathlib import Path

import psycopg

from bench.continuous.commits import Commit
from outlive.lab.ground.process import as_nobody, end, run
from tests.world.postgres import PostgresServer

CLIENTS = 8
PAUSE_SECONDS = 0.02
_FLUSHED = "SELECT (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint"


def prepare(server: PostgresServer, scale: int) -> None:
    """pgbench's tables (15 MB for each of `scale`), and the writer's."""
    run([server.bin("pgbench"), "-i", "-q", "-s", str(scale), *_where(server)], unprivileged=True)
    server.sql("CREATE TABLE written (n bigint PRIMARY KEY)")


class Load:
    """`with Load(server, 200, log) as load:` runs pgbench's own transactions, so many a second (Poisson-distributed, as
    with -R), until the body ends. Its server may die meanwhile."""

    def __init__(self, server: PostgresServer, rate: int, log: Path) -> None:
        self._server = server
        self._rate = rate
        self._log = log

    def __enter__(self) -> Load:
        words = [str(self._server.bin("pgbench")), "-n", "-M", "prepared", "-R", str(self._rate)]
        words += ["-c", str(CLIENTS), "-j", "2", "-T", "86400", *_where(self._server)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", **as_nobody()
            )
        return self

    def __exit__(self, *_: object) -> None:
        end(self._process)


class Writer:
    """Commits a small row about every 20 ms and notes when it was told so, and how far the server's log was flushed then."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self.commits: list[Commit] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def __enter__(self) -> Writer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(20)

    def _run(self) -> None:
        """Ends when its server does."""
        try:
            with psycopg.connect(self._server.socket_dsn(), autocommit=True) as connection:
                row = connection.execute("SELECT coalesce(max(n), 0) FROM written").fetchone()
                number = row[0] if row else 0
                while not self._stop.wait(PAUSE_SECONDS):
                    number += 1
                    connection.execute("INSERT INTO written VALUES (%s)", (number,))
                    self.commits.append(Commit(number, time.time(), 0))
                    row = connection.execute(_FLUSHED).fetchone()
                    self.commits[-1] = replace(self.commits[-1], position=int(row[0]) if row else 0)
        except psycopg.OperationalError:
            return


def position(server: PostgresServer) -> int:
    """How far its log is flushed, in bytes."""
    return int(server.sql(_FLUSHED))


def rows(server: PostgresServer) -> tuple[frozenset[int], int]:
    """The writer's rows, and how many pgbench has committed."""
    written = server.sql("SELECT n FROM written").split()
    return frozenset(map(int, written)), int(server.sql("SELECT count(*) FROM pgbench_history"))


def _where(server: PostgresServer) -> list[str]:
    return ["-h", str(server.socket_dir), "-p", str(server.port), "-U", server.superuser, "postgres"]
