"""Who is compared. Each says how it copies and how it brings back; what is not timed is `clear` and the set-up."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pyrage

from bench.database import set_archive_command
from bench.measure import Command
from outlive.lab.ground.process import give_to_nobody, run
from tests.world.postgres import PostgresServer

ROOT = Path(__file__).parents[1]
PASSPHRASE = "a passphrase for the bench only"


class Contender(Protocol):
    """One way to copy a cluster. `durable` says whether it fsyncs what it stored, and what it restored."""

    name: str
    durable: str

    def clear(self) -> None:
        """Before each backup: forgets earlier ones, so that each is a whole one."""

    def backup(self) -> Command: ...

    def restore(self, target: Path) -> Command:
        """Into `target`, a directory that does not exist yet."""

    def stored_bytes(self) -> int: ...

    def before(self, active: bool) -> None:
        """Prepares the server for this contender's turn, or puts it back."""


class Ours:
    """`outlive.backup.take` and `outlive.backup.restore`, a fresh process each time."""

    name = "outlive"
    durable = "both"

    def __init__(self, folder: Path, server: PostgresServer) -> None:
        self._folder = folder
        self._dsn = server.socket_dsn()
        write_keys(folder / "keys")

    def clear(self) -> None:
        empty(self._folder / "vault")

    def backup(self) -> Command:
        return self._command("backup", self._dsn)

    def restore(self, target: Path) -> Command:
        return self._command("restore", str(target))

    def stored_bytes(self) -> int:
        return size(self._folder / "vault")

    def before(self, active: bool) -> None:
        """Nothing: the server is taken as it is."""

    def _command(self, what: str, where: str) -> Command:
        argv = (sys.executable, "-m", "bench.ours", what, str(self._folder), where)
        return Command(argv, {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"})


class Pipe:
    """What a careful administrator writes into a crontab."""

    name = "pg_basebackup|zstd|age"
    durable = "neither"

    def __init__(self, folder: Path, server: PostgresServer) -> None:
        self._folder = folder
        self._source = base_backup(server)
        keys = write_keys(folder / "keys")
        self._recipients = " ".join(f"-r {key.to_public()}" for key in keys)
        (folder / "key").write_text(f"{keys[1]}\n")

    def clear(self) -> None:
        empty(self._folder / "copies")

    def backup(self) -> Command:
        return shell(f"{self._source} | zstd -1 -T2 -q | age {self._recipients} -o {self._file}")

    def restore(self, target: Path) -> Command:
        opened = f"age -d -i {self._folder / 'key'} {self._file} | zstd -d -q"
        return shell(f"mkdir -m 0700 {target} && {opened} | tar -x -p -C {target}")

    def stored_bytes(self) -> int:
        return self._file.stat().st_size

    def before(self, active: bool) -> None:
        """Nothing: the server is taken as it is."""

    @property
    def _file(self) -> Path:
        return self._folder / "copies" / "base.tar.zst.age"


class PgBackRest:
    """Full backups into an encrypted repository; its WAL archiving is on while it is its turn."""

    name = "pgBackRest"
    durable = "both"
    more = ""

    def __init__(self, folder: Path, server: PostgresServer) -> None:
        self._server = server
        self._repository = folder / "repo"
        self._config = folder / "pgbackrest.conf"
        self._config.write_text(_PGBACKREST.format(folder=folder, server=server, passphrase=PASSPHRASE, more=self.more))
        give_to_nobody(folder)
        self.before(True)
        run(self._words("stanza-create"), unprivileged=True)
        self.before(False)

    def clear(self) -> None:
        if (self._repository / "backup" / "main" / "latest").exists():
            run(self._words("expire"), unprivileged=True)

    def backup(self) -> Command:
        return Command(self._words("backup", "--type=full"), {}, unprivileged=True)

    def restore(self, target: Path) -> Command:
        return Command(self._words("restore", f"--pg1-path={target}"), {}, unprivileged=True)

    def stored_bytes(self) -> int:
        return size((self._repository / "backup" / "main" / "latest").resolve())

    def before(self, active: bool) -> None:
        push = " ".join(self._words("archive-push", "%p"))
        set_archive_command(self._server, push if active else "true")

    def _words(self, command: str, *options: str) -> tuple[str, ...]:
        return ("pgbackrest", f"--config={self._config}", "--stanza=main", command, *options)


_PGBACKREST = """\
[global]
repo1-path={folder}/repo
repo1-cipher-type=aes-256-cbc
repo1-cipher-pass={passphrase}
repo1-retention-full=1
expire-auto=n
compress-type=zst
compress-level=1
process-max=2
start-fast=y
{more}
lock-path={folder}/lock
spool-path={folder}/spool
log-level-file=off
log-level-console=warn
[main]
pg1-path={server.data}
pg1-socket-path={server.socket_dir}
pg1-port={server.port}
pg1-user=postgres
"""


class PgBackRestBundled(PgBackRest):
    """The same with small files gathered into bundles, which spares it a thousand fsyncs. Not its default."""

    name = "pgBackRest, bundled"
    more = "repo1-bundle=y"


class Restic:
    """From standard input into a new repository each time, so that nothing is there to be deduplicated against."""

    name = "restic"
    durable = "copy only"

    def __init__(self, folder: Path, server: PostgresServer) -> None:
        self._repository = folder / "repo"
        self._source = base_backup(server)
        self._env = {
            "RESTIC_REPOSITORY": str(self._repository),
            "RESTIC_PASSWORD": PASSPHRASE,
            "RESTIC_CACHE_DIR": str(folder / "cache"),
        }

    def clear(self) -> None:
        empty(self._repository)
        run(["restic", "init", "--quiet", "--repository-version", "2"], env=self._env)

    def backup(self) -> Command:
        return shell(f"{self._source} | restic backup --quiet --stdin --stdin-filename base.tar", self._env)

    def restore(self, target: Path) -> Command:
        dump = "restic dump --quiet latest base.tar"
        return shell(f"mkdir -m 0700 {target} && {dump} | tar -x -p -C {target}", self._env)

    def stored_bytes(self) -> int:
        return size(self._repository)

    def before(self, active: bool) -> None:
        """Nothing: the server is taken as it is."""


ALL: tuple[Callable[[Path, PostgresServer], Contender], ...] = (Ours, Pipe, PgBackRest, PgBackRestBundled, Restic)


def base_backup(server: PostgresServer) -> str:
    """One tar on standard output, with the WAL it needs and its manifest."""
    return f"{server.bin('pg_basebackup')} -d '{server.socket_dsn()}' -c fast -Ft -X fetch -D -"


def shell(line: str, env: dict[str, str] | None = None) -> Command:
    """A pipeline that fails when any part of it fails."""
    return Command(("bash", "-o", "pipefail", "-c", line), env or {})


def write_keys(path: Path) -> list[pyrage.x25519.Identity]:
    """Two fresh age keys, as two recipients are the rule."""
    keys = [pyrage.x25519.Identity.generate() for _ in range(2)]
    path.write_text("".join(f"{key}\n" for key in keys))
    return keys


def empty(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()


def size(folder: Path) -> int:
    """Bytes of all files below."""
    return sum((Path(at) / name).stat().st_size for at, _, names in os.walk(folder) for name in names)


def versions() -> str:
    """Of the peers, for the report."""
    asked = (["pgbackrest", "version"], ["restic", "version"], ["age", "--version"], ["zstd", "--version"])
    said = [subprocess.run(words, capture_output=True, text=True).stdout.strip().splitlines()[0] for words in asked]
    return "; ".join(said)
