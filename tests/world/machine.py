"""The tests' rented server: a machine of the lab with a compose stack on it, reached over SSH."""

from __future__ import annotations

import secrets
import sqlite3
import subprocess
from pathlib import Path
from typing import Self

from outlive.lab.ground import machine
from outlive.lab.ground.cache import cache_root, locked
from outlive.lab.ground.disk import Disk
from outlive.lab.ground.docker import DockerEngine
from outlive.lab.ground.machine import Hardware
from outlive.lab.ground.missing import ProgramFailed
from outlive.lab.ground.process import run, wait_until
from outlive.lab.ground.server import Server
from outlive.lab.ground.ssh_keys import client_config, make_key
from tests.world import images, ledger

STACK = Path(__file__).parent / "stack"
PROJECT = "app"
STACK_IMAGES = ("outlive-test/postgres:17", "outlive-test/busybox:latest")
NETWORK = "outlive-test"
SUBNET = "172.30.77.0/24"


class Machine(Server):
    """`ssh -F machine.config web-1` reaches it. `start()` (or `with`) boots it in seconds, `close()` removes all of it.

    With `stack=True` the compose project `app` runs on it: `db` (volume `app_pgdata`) and `web` (volume `app_uploads`),
    with the compose file, a `.env` and a Caddyfile in /srv/app.
    """

    def __init__(
        self,
        engine: DockerEngine,
        *,
        name: str = "web-1",
        address: str | None = None,
        stack: bool = True,
        uptime: int = 0,
        image: str = "",
    ) -> None:
        """`address` is one in SUBNET, or any; `uptime` is the number of seconds that it claims to have been up. With `image`
        its engine has that one instead of the stack's."""
        self.engine = engine
        self.name = name
        self.stack = stack
        self.uptime = uptime
        self.image = image
        self.address = address or ""
        self.home: Path | None = None
        self.body: machine.Machine | None = None

    def start(self) -> Self:
        self.home = ledger.new_directory("machine")
        self.identity = make_key(self.home / "identity")
        self.known_hosts = self.home / "known_hosts"
        self.config = self.home / "ssh_config"
        self._boot()
        self.trust_host_key()
        if self.stack:
            self.deploy()
        return self

    def close(self) -> None:
        self._remove()
        ledger.discard(self.home)
        self.home = None

    def ssh(self, *words: str, input: bytes | None = None) -> str:
        """What the command prints, run over SSH as root."""
        return run(["ssh", "-F", self.config, self.name, *words], input=input)

    def docker(self, *words: str) -> str:
        """The inner engine's command line, by the outer engine's back door, whatever SSH may be doing."""
        return self._body.inside("docker", *words)

    def sql(self, query: str, dbname: str = "app", service: str = "db") -> str:
        command = ["exec", "-i", f"{PROJECT}-{service}-1", "psql", "-XAtq", "-v", "ON_ERROR_STOP=1"]
        return self.docker(*command, "-U", "postgres", "-d", dbname, "-c", query)

    @property
    def host_key_fingerprint(self) -> str:
        return self._body.host_key_fingerprint

    def trust_host_key(self) -> None:
        """Writes the host key it has now into known_hosts, learned by the back door and not over the network."""
        self.known_hosts.write_text(f"{self.address} {self._body.host_key}\n")

    def deploy(self) -> None:
        """Brings up the stack and fills the uploads."""
        files = run_bytes(["tar", "-C", str(STACK), "-c", "."])
        self.ssh("mkdir -p /srv/app && tar -x --no-same-owner -C /srv/app", input=files)
        self.ssh("umask 077; cat >/srv/app/.env", input=f"DB_PASSWORD={secrets.token_hex(12)}\n".encode())
        self.ssh(f"docker compose -p {PROJECT} -f /srv/app/compose.yml up -d --quiet-pull 2>&1")
        wait_until(self._database_is_up, "the stack's database", seconds=60, every=0.1)
        fill_uploads(self)

    def reboot(self) -> None:
        """The same machine, with a new boot_id."""
        self._body.reboot()

    def replace(self) -> None:
        """Another machine answers at the same address: new identity, empty disk."""
        self._remove()
        self._boot()

    def pause(self) -> None:
        """It hangs: TCP accepts, nobody answers."""
        self._body.pause()

    def unpause(self) -> None:
        self._body.unpause()

    @property
    def _body(self) -> machine.Machine:
        assert self.body is not None, "not started"
        return self.body

    def _boot(self) -> None:
        # Not in the temporary directory: that may be in memory.
        disk = Disk(cache_root() / "run" / f"disk-{secrets.token_hex(6)}", self.engine.ledger)
        self.body = machine.Machine(
            self.engine, name=self.name, network=network(self.engine), disk=disk, hardware=Hardware()
        )
        disk.create_from(machine.seed(self.engine, [self.image]) if self.image else seed(self.engine))
        key = self.identity.with_suffix(".pub").read_text().strip()
        self.body.boot(address=self.address, authorized_key=key, uptime_seconds=self.uptime)
        self.address = self.body.address
        self.config.write_text(client_config(self.name, self.address, 22, "root", self.identity, self.known_hosts))

    def _remove(self) -> None:
        if self.body is not None:
            self.body.remove()
            self.body = None

    def _database_is_up(self) -> bool:
        try:
            # The entrypoint's first server listens on the socket only; the loopback answers when the real one is up.
            self.docker("exec", f"{PROJECT}-db-1", "pg_isready", "-q", "-h", "127.0.0.1")
        except ProgramFailed:
            return False
        return True


def network(engine: DockerEngine) -> str:
    """One network for all machines, with a known range so that an address can be asked for."""
    with locked("network"):
        if NETWORK not in engine.docker("network", "ls", "--format", "{{.Name}}").split():
            engine.docker("network", "create", "--subnet", SUBNET, NETWORK)
    return NETWORK


def seed(engine: DockerEngine) -> Path:
    """The disk of a server that has the stack's images already; each machine gets a copy of it."""
    images.postgres(engine, 17)
    images.busybox(engine)
    return machine.seed(engine, STACK_IMAGES)


def fill_uploads(machine: Machine) -> None:
    """What user files look like: odd names, links, holes, ACLs, extended attributes, many files, a SQLite database."""
    script = """
        set -eu; cd /var/lib/docker/volumes/app_uploads/_data
        mkdir -p avatars/2026 'with space'; i=0
        while [ $i -lt 300 ]; do echo "file $i" >avatars/2026/$i.txt; i=$((i + 1)); done
        head -c 3000000 /dev/urandom >photo.jpg
        printf 'umlaut' >'with space/grüße.txt'; printf 'newline' >"with space/two
lines"
        ln -s photo.jpg latest; ln photo.jpg hard.jpg; truncate -s 50M sparse.img
        echo secret >private; chmod 600 private; chown 1234:2345 private
        setfacl -m u:1234:r avatars; setfattr -n user.origin -v camera photo.jpg
        touch -d '2001-02-03 04:05:06.789' photo.jpg
    """
    machine.ssh("bash -s", input=script.encode())
    machine.ssh("cat >/var/lib/docker/volumes/app_uploads/_data/notes.db", input=_sqlite_file(machine.home))


def _sqlite_file(folder: Path) -> bytes:
    path = folder / "notes.db"
    database = sqlite3.connect(path)
    with database:
        database.execute("create table notes (id integer primary key, body text)")
        database.executemany("insert into notes (body) values (?)", [(f"note {n}",) for n in range(500)])
    database.close()
    return path.read_bytes()


def run_bytes(command: list[str]) -> bytes:
    return subprocess.run(command, check=True, capture_output=True).stdout
