"""Who guards a running cluster beside each other: each has a base copy, follows the log, and brings both back."""

from __future__ import annotations

import os
import pwd
import re
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from bench.contenders import PgBackRest
from bench.measure import Command
from outlive.lab.ground.cache import is_root
from outlive.lab.ground.process import NOBODY, as_nobody, end, give_to_nobody, run, wait_until
from tests.world.postgres import PostgresServer

SEGMENT_BYTES = 16 << 20


class Guard(Protocol):
    """`start` takes the base copy and follows the log from then on; `position` is how far it has the log, outside of
    production, safe from production's death."""

    name: str

    def start(self) -> None: ...

    def position(self) -> int: ...

    def pids(self) -> tuple[int, ...]:
        """Its processes that live all the time, to be measured with their children."""

    def resume(self) -> None:
        """Production is up again."""

    def restore(self, target: Path) -> Command:
        """As new as it can, into a directory that does not exist."""

    def recovery(self) -> Mapping[str, str]:
        """Settings with which the restored server then reaches the end of the log."""

    def close(self) -> None: ...


class Archive:
    """pgBackRest by `archive_command`: whole segments, so `archive_timeout` (seconds) decides what a quiet server loses."""

    def __init__(self, folder: Path, server: PostgresServer, archive_timeout: int) -> None:
        folder.mkdir()
        self.name = f"pgBackRest, archive_timeout {archive_timeout} s"
        self._archive_timeout = archive_timeout
        self._folder = folder
        self._server = server
        self._inner = PgBackRest(folder, server)
        self._inner.before(True)

    def start(self) -> None:
        self._server.sql(f"ALTER SYSTEM SET archive_timeout = '{self._archive_timeout}s'")
        self._server.sql("SELECT pg_reload_conf()")
        run(list(self._inner.backup().argv), unprivileged=True)

    def position(self) -> int:
        """A segment gets its name in the repository when it is there."""
        archived = self._folder.glob("repo/archive/main/*/*/*.zst")
        return max((_end(one.name) for one in archived), default=0)

    def pids(self) -> tuple[int, ...]:
        """None: the server runs it, once for each segment."""
        return ()

    def resume(self) -> None:
        """Nothing: the server itself goes on."""

    def restore(self, target: Path) -> Command:
        return self._inner.restore(target)

    def recovery(self) -> Mapping[str, str]:
        """None: it writes its own."""
        return {}

    def close(self) -> None:
        """Nothing runs."""


class Barman:
    """By `receive-wal` over a slot (pg_receivewal), with the unfinished segment used on the way back (`get-wal -P`)."""

    name = "Barman, receive-wal"

    def __init__(self, folder: Path, server: PostgresServer) -> None:
        folder.mkdir()
        self._home = folder / "home"
        self._home.mkdir()
        (folder / "servers").mkdir()
        self._config = folder / "barman.conf"
        user = pwd.getpwuid(NOBODY if is_root() else os.geteuid()).pw_name
        programs = server.bin("psql").parent
        self._config.write_text(_BARMAN.format(folder=folder, user=user, dsn=server.socket_dsn(), bin=programs))
        self._log = folder / "receive.log"
        self._env = {"HOME": str(folder)}
        self._receiver: subprocess.Popen[bytes] | None = None
        self._position = 0
        give_to_nobody(folder)

    def start(self) -> None:
        self._run("receive-wal", "--create-slot", "main")
        self._receive()
        self._run("switch-wal", "--force", "--archive", "--archive-timeout", "300", "main")
        self._run("backup", "main")

    def position(self) -> int:
        """Where the zeros begin in the segment that it is receiving."""
        newest = max((self._home / "main" / "streaming").glob("*.partial"), default=None)
        if newest is not None:
            begin = _end(newest.name) - SEGMENT_BYTES
            self._position = max(self._position, begin)
            with suppress(OSError), newest.open("rb", buffering=0) as file:  # it may be renamed at this very moment
                file.seek(self._position - begin)
                while piece := file.read(1 << 20).rstrip(b"\0"):
                    self._position += len(piece)
                    file.seek(self._position - begin)
        return -(-self._position // 8) * 8 + 8  # the last byte of a record, and what fills it up, may be zeros

    def pids(self) -> tuple[int, ...]:
        return (self._receiver.pid,) if self._receiver else ()

    def resume(self) -> None:
        """What `barman cron` does every minute."""
        self.close()
        self._receive()

    def restore(self, target: Path) -> Command:
        tidy, recover = self._words("archive-wal", "main"), self._words("recover", "--get-wal", "main", "latest")
        return Command(("sh", "-c", f"{tidy}; {recover} {target}"), self._env, unprivileged=True)

    def recovery(self) -> Mapping[str, str]:
        """Without the sudo that it writes there itself."""
        return {"restore_command": f"HOME={self._home.parent} {self._words('get-wal', '--partial', 'main')} %f > %p"}

    def close(self) -> None:
        if self._receiver is not None:
            end(self._receiver)
            self._receiver = None

    def _receive(self) -> None:
        with self._log.open("ab") as log:
            self._receiver = subprocess.Popen(
                self._words("receive-wal", "main").split(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={**os.environ, **self._env},
                **as_nobody(),
            )
        wait_until(lambda: "starting log streaming" in self._log.read_text(), "Barman to stream", 60)

    def _run(self, *words: str) -> None:
        run(self._words(*words).split(), unprivileged=True, env=self._env)

    def _words(self, *words: str) -> str:
        return " ".join(("barman", "-c", str(self._config), *words))


_BARMAN = """\
[barman]
barman_user = {user}
configuration_files_directory = {folder}/servers
barman_home = {folder}/home
log_file = {folder}/barman.log
[main]
description = bench
conninfo = {dsn}
streaming_conninfo = {dsn}
backup_method = postgres
streaming_archiver = on
slot_name = barman
path_prefix = {bin}
immediate_checkpoint = true
"""


def _end(name: str) -> int:
    """Where the segment with that file name ends."""
    found = re.match(r"[0-9A-F]{8}([0-9A-F]{8})([0-9A-F]{8})", name)
    return 0 if found is None else (int(found[1], 16) << 32) + (int(found[2], 16) + 1) * SEGMENT_BYTES
