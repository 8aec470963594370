"""A throwaway Postgres, started from a restored data directory on a private socket, for drills only."""

from __future__ import annotations

import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from psycopg import conninfo

from outlive.backup.restore.programs import NOBODY, Hearer, Programs
from outlive.backup.restore.throwaway import blame, settings_for
from outlive.commands import postgres as words
from outlive.errors import DrillFailed
from outlive.transport import process
from outlive.transport.postgres_door import Door

PORT = 5432
HBA = "local all all trust\n"
SOCKET_BYTES = 107  # the longest path that a Unix socket may have
NOT_RUN = (125, 126, 127)  # of docker, of setpriv, of a shell
READY_SECONDS = 6 * 3600.0  # a long log takes long to replay; a server that has ended is seen at once


class DidNotStart(DrillFailed):
    """Postgres did not start from the copy."""


class Cluster:
    """A context manager: a server that only this machine can reach, by a socket in a private folder.

    What production's configuration says is kept, but for what would reach out or needs its surroundings
    (`throwaway.settings_for`). Raises `DidNotStart` when the files are at fault, else `DrillFailed`.
    """

    def __init__(self, data: Path, programs: Programs, user: str, settings: Mapping[str, str] | None = None) -> None:
        self.data = data
        self._programs = programs
        self._user = user
        self._settings = dict(settings or {})
        self._sockets = data.parent / "s"
        self._host = str(self._sockets)
        self._link: Path | None = None
        self._server: process.Process | None = None

    def __enter__(self) -> Cluster:
        self._prepare()
        try:
            self._host = self._shortened()
            self._server = self._programs.start(self._words())
            self._await_ready()
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
        info = conninfo.make_conninfo("", host=self._host, port=PORT, user=self._user)
        return Door(info, self.start, database="template1")  # `postgres` may have been dropped

    def run(self, *argv: str, timeout_seconds: float = 6 * 3600) -> Any:
        """One of Postgres' client programs against this server."""
        return self._programs.run(words.at(argv, self._user, PORT, self._host), timeout_seconds)

    def start(self, argv: Sequence[str], *, stdin: bool = False, on_stderr: Hearer | None = None) -> process.Process:
        """Starts one of the client programs against this server."""
        return self._programs.start(words.at(argv, self._user, PORT, self._host), stdin=stdin, on_stderr=on_stderr)

    def _prepare(self) -> None:
        self._sockets.mkdir(mode=0o700, exist_ok=True)
        (self._sockets / "pg_hba.conf").write_text(HBA)
        (self.data / "standby.signal").unlink(missing_ok=True)  # of a copy that was taken from a standby
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        bare = not (self.data / "postgresql.conf").exists()
        for name in ("postgresql.conf", "pg_ident.conf"):  # Debian keeps them outside the data directory
            (self.data / name).touch()
        self.data.chmod(0o700)
        give_to_server(self.data.parent)
        if bare:
            self._settings = self._limits() | self._settings

    def _shortened(self) -> str:
        """The folder of the socket by a name that libpq takes: the server itself names it from where it stands."""
        if len(f"{self._sockets}/.s.PGSQL.{PORT}".encode()) <= SOCKET_BYTES:
            return str(self._sockets)
        self._link = Path(tempfile.mkdtemp(prefix="outlive-", dir="/tmp"))
        self._link.chmod(0o711)
        (self._link / "s").symlink_to(self._sockets.absolute())
        return str(self._link / "s")

    def _limits(self) -> dict[str, str]:
        """What recovery needs at least, as production had it: it lies in the control file."""
        told = self._programs.run(("pg_controldata", "-D", str(self.data)), 60).text
        names = {"max_prepared_xacts": "max_prepared_transactions", "max_locks_per_xact": "max_locks_per_transaction"}
        found = re.findall(r"^(max_connections|max_prepared_xacts|max_locks_per_xact) setting:\s+(\d+)", told, re.M)
        return {names.get(name, name): value for name, value in found}

    def _words(self) -> tuple[str, ...]:
        major = int((self.data / "PG_VERSION").read_text())
        settings = settings_for(major, str(self.data), str(self._sockets)) | {"port": str(PORT)} | self._settings
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return ("postgres", "-D", str(self.data), *options)

    def _await_ready(self) -> None:
        """The last line of postmaster.pid says so, before any database or role need be known."""
        assert self._server
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if (ended := self._server.ended()) is not None:
                raise self._not_started(ended)
            with suppress(OSError):
                lines = (self.data / "postmaster.pid").read_text().splitlines()
                if len(lines) >= 8 and lines[7].strip() == "ready":
                    return
            time.sleep(0.05)
        raise DrillFailed(f"Postgres was not ready after {READY_SECONDS:.0f} s.")

    def _not_started(self, status: int) -> DrillFailed:
        assert self._server
        self._server.wait(10)  # its last words
        lines = [line.strip() for line in self._server.stderr_text.splitlines() if line.strip()]
        said = f"status {status}: {' | '.join(lines[-6:])}"
        if status in NOT_RUN:
            return DrillFailed(
                f"Postgres could not be run at all, {said}", hint="Look at the message: docker or setpriv."
            )
        if cure := blame("\n".join(line for line in lines if "LOG:" not in line)):
            return DrillFailed(f"Postgres did not start here, {said}", hint=cure)
        return DidNotStart(said)

    def _stop(self) -> None:
        """A fast shutdown (SIGINT), then the end."""
        if self._link is not None:
            shutil.rmtree(self._link, ignore_errors=True)
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
