"""A real Postgres of the demo's own: on a private Unix socket, as an unprivileged user, gone with the demo."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg import conninfo

from outlive.backup.restore.cluster import give_to_server
from outlive.backup.restore.programs import LocalPrograms
from outlive.errors import Failed
from outlive.transport import process

PORT = 5432


class DemoServer:
    """A server on the data directory `folder/data`; its socket lies in `folder/run`."""

    def __init__(self, folder: Path, programs: LocalPrograms) -> None:
        self.folder = folder
        self.sockets = folder / "run"
        self._programs = programs
        self._process: process.Process | None = None

    @property
    def conninfo(self) -> str:
        return conninfo.make_conninfo("", host=str(self.sockets), port=PORT, user="postgres", dbname="shop")

    def initialise(self) -> None:
        """A new cluster with checksums, its own system identifier and trust on the private socket."""
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        give_to_server(self.folder)
        data = str(self.folder / "data")
        made = self._programs.run(("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-k", "-E", "UTF8"), 120)
        made.check("initdb")

    def start(self) -> None:
        """Returns when the server answers."""
        self.sockets.mkdir(mode=0o755, exist_ok=True)
        give_to_server(self.folder)
        where = ("-c", f"unix_socket_directories={self.sockets}", "-c", "listen_addresses=", "-c", f"port={PORT}")
        data = ("-D", str(self.folder / "data"))
        self._process = self._programs.start(("postgres", *data, *where, "-c", "shared_buffers=64MB"))
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._process.ended() is None:
            with suppress(psycopg.OperationalError):
                self.connect("postgres").close()
                return
            time.sleep(0.05)
        raise Failed(f"the demo's Postgres did not start: {self._process.stderr_text[-400:]}")

    def connect(self, dbname: str = "shop") -> psycopg.Connection[tuple[Any, ...]]:
        """A connection in autocommit mode."""
        return psycopg.connect(self.conninfo, dbname=dbname, autocommit=True, connect_timeout=5)

    def stop(self) -> None:
        """A fast shutdown; safe to call twice."""
        if self._process is None:
            return
        if self._process.ended() is None:
            os.kill(self._process.pid, signal.SIGINT)
            self._process.wait_quietly(10)
        self._process.__exit__()
        self._process = None

    def lose_power(self) -> None:
        """SIGKILL to the server and all its children at once: nothing is flushed, nothing says goodbye."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.__exit__()
            self._process = None
