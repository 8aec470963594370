"""A throwaway Postgres, started from a restored data directory on a private socket, for drills only."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg import conninfo

from outlive.backup.programs import NOBODY, Programs
from outlive.errors import DrillFailed
from outlive.transport import process
from outlive.transport.postgres import Door

PORT = 5432
HBA = "local all all trust\n"


class Cluster:
    """A context manager: a server that only this machine can reach, by a socket in a private folder.

    What production's configuration says is kept, but for what would reach out or needs its surroundings: archiving,
    replication, TLS files, log collectors, listening addresses, the hba file.
    """

    def __init__(self, data: Path, programs: Programs, user: str, settings: Mapping[str, str] | None = None) -> None:
        self.data = data
        self._programs = programs
        self._user = user
        self._settings = settings or {}
        self._sockets = data.parent / "s"
        self._server: process.Process | None = None

    def __enter__(self) -> Cluster:
        self._prepare()
        self._server = self._programs.start(self._words())
        try:
            self._await_ready(timeout_seconds=900)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    @property
    def log(self) -> str:
        """The last 64 KiB of what the server said."""
        return self._server.stderr_text if self._server else ""

    def door(self) -> Door:
        """A way in for the same code that looks at production."""
        info = conninfo.make_conninfo("", host=str(self._sockets), port=PORT, user=self._user)
        return Door(info, self._open, self._user, PORT, str(self._sockets))

    def run(self, *argv: str, timeout_seconds: float = 3600) -> Any:
        """One of Postgres' client programs against this server."""
        where = ("-h", str(self._sockets), "-p", str(PORT), "-U", self._user)
        return self._programs.run((argv[0], *where, *argv[1:]), timeout_seconds)

    def _open(self, argv: Any) -> process.Process:
        return self._programs.start(argv)

    def _prepare(self) -> None:
        self._sockets.mkdir(mode=0o700, exist_ok=True)
        hba = self._sockets / "pg_hba.conf"
        hba.write_text(HBA)
        for name in ("postgresql.conf", "pg_ident.conf"):  # Debian keeps them outside the data directory
            if not (self.data / name).exists():
                (self.data / name).write_text("")
        self.data.chmod(0o700)
        give_to_server(self.data.parent)

    def _words(self) -> tuple[str, ...]:
        settings = {
            "unix_socket_directories": str(self._sockets),
            "hba_file": str(self._sockets / "pg_hba.conf"),
            "ident_file": str(self.data / "pg_ident.conf"),
            "data_directory": str(self.data),
            "external_pid_file": "",
            "listen_addresses": "",
            "port": str(PORT),
            "ssl": "off",
            "archive_mode": "off",
            "primary_conninfo": "",
            "synchronous_standby_names": "",
            "logging_collector": "off",
            "log_destination": "stderr",
            "huge_pages": "off",
            "shared_buffers": "128MB",
            "autovacuum": "off",
        }
        settings |= self._settings
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return ("postgres", "-D", str(self.data), *options)

    def _await_ready(self, timeout_seconds: float) -> None:
        assert self._server
        deadline = time.monotonic() + timeout_seconds
        info = conninfo.make_conninfo("", host=str(self._sockets), port=PORT, user=self._user, dbname="postgres")
        while time.monotonic() < deadline:
            if (ended := self._server.ended()) is not None:
                said = " | ".join(self._server.stderr_text.strip().splitlines()[-6:])
                raise DrillFailed(f"Postgres did not start from the copy (status {ended}): {said}")
            with suppress(psycopg.OperationalError):
                psycopg.connect(info, connect_timeout=5).close()
                return
            time.sleep(0.1)
        raise DrillFailed(f"Postgres was not ready after {timeout_seconds:.0f} s.")

    def _stop(self) -> None:
        """A fast shutdown (SIGINT), then the end."""
        if self._server is None:
            return
        if self._server.ended() is None:
            with suppress(ProcessLookupError):
                os.kill(self._server.pid, signal.SIGINT)
            self._server.wait_quietly(30)
        self._server.__exit__()


def give_to_server(folder: Path) -> None:
    """As root, makes everything in the drill's folder belong to the user that the server runs as."""
    if os.geteuid() == 0:
        process.run(("chown", "-R", f"{NOBODY}:{NOBODY}", str(folder)), timeout_seconds=600).check("handing over files")
