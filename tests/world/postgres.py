"""A real Postgres server of any major from 14 to 18 on this machine, for one test or one session."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal, Self

from outlive.lab.ground.process import as_nobody, end, free_port, give_to_nobody, run, wait_until
from outlive.lab.ground.server import Server
from tests.world import ledger
from tests.world.postgres_template import new_cluster
from tests.world.postgres_trees import binary, usable

StopMode = Literal["smart", "fast", "immediate"]
_SIGNAL = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}

_TRUST = """\
local all all trust
host  all all 127.0.0.1/32 trust
local replication all trust
host  replication all 127.0.0.1/32 trust
"""
_SCRAM = _TRUST.replace("127.0.0.1/32 trust", "127.0.0.1/32 scram-sha-256")


class PostgresServer(Server):
    """One cluster and its server. `start()` (or `with`) makes it, `close()` leaves nothing behind.

    It listens on 127.0.0.1 at a free port and in its own socket directory. With `auth="scram"` the loopback wants
    `password`, the socket still trusts. fsync is off: a test kills processes, not the kernel.
    """

    superuser = "postgres"
    password = "correct horse battery"
    ready_seconds = 60.0

    def __init__(
        self,
        major: int = 17,
        *,
        data_checksums: bool = True,
        options: Mapping[str, str] | None = None,
        tablespaces: bool = False,
        auth: Literal["trust", "scram"] = "trust",
    ) -> None:
        self.major = major
        self.data_checksums = data_checksums
        self.options = {"fsync": "off", "max_wal_size": "256MB", **(options or {})}
        self.tablespaces = tablespaces
        self.auth = auth
        self.home: Path | None = None
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """A new cluster, running; or, after `stop()` or `kill()`, the same one again on the same port."""
        fresh = self.port == 0
        if fresh:
            self._make()
        self._launch()
        if fresh and self.auth == "scram":
            self.sql(f"alter user {self.superuser} password '{self.password}'")
        if fresh and self.tablespaces:
            self.sql(f"create tablespace side location '{self.tablespace_dir}'")
        return self

    def stop(self, mode: StopMode = "fast") -> None:
        if self.process is not None:
            end(self.process, _SIGNAL[mode])
            self.process = None

    def kill(self) -> None:
        """As if the machine had died: SIGKILL to the server and everything it forked."""
        if self.process is None:
            return
        children = [child for child in _children_of(self.process.pid) if ledger.process_mark(child)]
        for pid in [self.process.pid, *children]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        # The last one to end lets go of the shared memory, without which the cluster would not start again.
        wait_until(lambda: not any(ledger.process_mark(child) for child in children), "killed postgres to end")
        self.process = None

    def close(self) -> None:
        self.stop("immediate")
        ledger.discard(self.home)
        self.home = None

    def dsn(self, dbname: str = "postgres", *, user: str | None = None) -> str:
        """A libpq connection string over the loopback."""
        words = f"host=127.0.0.1 port={self.port} user={user or self.superuser} dbname={dbname}"
        return f"{words} password='{self.password}'" if self.auth == "scram" else words

    def socket_dsn(self, dbname: str = "postgres", *, user: str | None = None) -> str:
        return f"host={self.socket_dir} port={self.port} user={user or self.superuser} dbname={dbname}"

    def sql(self, query: str, dbname: str = "postgres") -> str:
        """What psql prints, unaligned, `|` between columns and newlines between rows. Stops at the first error."""
        command = [self.bin("psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.socket_dsn(dbname), "-f", "-"]
        return run(command, input=query.encode(), unprivileged=True).rstrip("\n")

    def bin(self, name: str) -> Path:
        """A program of this server's own version: `server.bin("pg_dump")`."""
        return binary(self.major, name)

    @property
    def system_identifier(self) -> str:
        return self.sql("select system_identifier from pg_control_system()")

    def log_text(self) -> str:
        return self.log.read_text(errors="replace")

    def _make(self) -> None:
        usable(self.major)
        self.home = ledger.new_directory(f"pg{self.major}")
        self.data = self.home / "data"
        self.socket_dir = self.home / "s"
        self.tablespace_dir = self.home / "side"
        self.log = self.home / "server.log"
        for folder in (self.socket_dir, self.tablespace_dir):
            folder.mkdir()
            give_to_nobody(folder)
        new_cluster(self.major, self.data, data_checksums=self.data_checksums)
        (self.data / "pg_hba.conf").write_text(_SCRAM if self.auth == "scram" else _TRUST)
        self.port = free_port()

    def _launch(self) -> None:
        settings = {"port": str(self.port), "unix_socket_directories": str(self.socket_dir)}
        settings |= {"listen_addresses": "127.0.0.1", "logging_collector": "off", **self.options}
        command = [str(self.bin("postgres")), "-D", str(self.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        # A session of its own: Ctrl-C in the terminal reaches pytest, which then stops the server in order.
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                **as_nobody(),
            )
        ledger.note_process(self.process.pid)
        wait_until(self._is_ready, f"postgres {self.major} on port {self.port}", seconds=self.ready_seconds)

    def _is_ready(self) -> bool:
        """The last line of postmaster.pid says so before any connection has to be tried (as pg_ctl looks at it)."""
        assert self.process is not None
        if self.process.poll() is not None:
            raise RuntimeError(f"postgres {self.major} ended at once:\n{self.log_text()[-3000:]}")
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and int(lines[0]) == self.process.pid and lines[7].strip() == "ready"


def _children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
