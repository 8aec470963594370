"""The ways in to a Postgres server: through `docker exec`, over SSH to its socket or port, or by DSN.

A `Door` gives two things: a libpq connection string that works here while the door is open, and the server's own client
programs (never an older one of ours). Passwords go to libpq in memory, to programs by environment or stdin; never into
an argument vector, where every user of the machine could read them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import conninfo

from outlive.commands import docker, postgres
from outlive.errors import ConfigError, DatabaseUnreachable, NotPermitted
from outlive.transport import postgres_programs, process
from outlive.transport.base import Running, Shell
from outlive.transport.relay import PORT, Relay

CONNECT_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Door:
    """An open way in. `conninfo` connects from here; `program` starts one of the server's own client programs, with
    `-h`/`-p`/`-U` already answered by `host`, `port`, `user`; `image` is the container's image, where there is one;
    `database` is one that can be connected to for questions about the whole server."""

    conninfo: str
    program: Callable[[Sequence[str]], Running]
    user: str
    port: int
    host: str | None
    image: str | None = None
    database: str = "postgres"
    complaints: Callable[[], str] = lambda: ""

    def connect(self, dbname: str, **options: str) -> psycopg.Connection[tuple[object, ...]]:
        """A connection in autocommit mode. Raises `DatabaseUnreachable`, or `NotPermitted` for a refused login."""
        try:
            return psycopg.connect(
                conninfo.make_conninfo(self.conninfo, dbname=dbname, connect_timeout=CONNECT_SECONDS, **options),
                autocommit=True,
            )
        except psycopg.OperationalError as error:
            raise _unreachable(error, self.complaints()) from error

    def replication(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection that speaks the replication protocol (physical)."""
        return self.connect(self.database, replication="true")


@dataclass(frozen=True, slots=True)
class ContainerWay:
    """Into a container, over its own loopback or socket, where the official images trust without a password."""

    shell: Shell
    container: str
    port: int
    user: str
    password: str | None

    @contextmanager
    def open(self) -> Iterator[Door]:
        name, image = _container(self.shell, self.container)
        there = self.shell.run(docker.exec_(name, postgres.which(postgres.RELAYS_TCP)))
        kinds = there.check(f"looking for a relay in container {name}").text.split()
        if not kinds:
            raise NotPermitted(
                f"container {name} has none of {', '.join(postgres.RELAYS_TCP)} to carry a connection.",
                hint="Give the asset a `dsn` instead, or guard it with kind postgres_dump.",
            )
        words = docker.exec_(name, postgres.relay(kinds[0], "127.0.0.1", self.port), stdin=True)
        with Relay(self.shell.command(words)) as relay:
            yield Door(
                _conninfo(relay, self.user, self.password),
                lambda argv: _exec(self.shell, name, argv, self.password),
                self.user,
                self.port,
                None,
                image,
                complaints=lambda: relay.complaints,
            )


@dataclass(frozen=True, slots=True)
class SocketWay:
    """Over SSH to the server's Unix socket, as the operating system's user that `peer` authentication wants."""

    shell: Shell
    directory: str
    os_user: str
    port: int
    user: str
    password: str | None

    @contextmanager
    def open(self) -> Iterator[Door]:
        become = self._become()
        programs = [kind.removesuffix("-unix") for kind in postgres.RELAYS_UNIX]
        kinds = self.shell.run(postgres.which(programs)).check("looking for a relay").text.split()
        if not kinds:
            raise NotPermitted(f"the host has none of {', '.join(programs)} to carry a connection to a socket.")
        path = f"{self.directory}/.s.PGSQL.{self.port}"
        words = (*become, *postgres.relay(f"{kinds[0]}-unix", path, self.port))
        with Relay(self.shell.command(words)) as relay:
            yield Door(
                _conninfo(relay, self.user, self.password),
                lambda argv: _with_password(self.shell, (*become,), argv, self.password),
                self.user,
                self.port,
                self.directory,
                complaints=lambda: relay.complaints,
            )

    def _become(self) -> tuple[str, ...]:
        me = self.shell.run(("id", "-un")).check("asking for the login's name").text.strip()
        if me == self.os_user:
            return ()
        return ("runuser", "-u", self.os_user, "--") if me == "root" else ("sudo", "-n", "-u", self.os_user)


@dataclass(frozen=True, slots=True)
class PortWay:
    """Over SSH to a port on the host's loopback: `ssh -W`, OpenSSH's own forwarding of stdin and stdout."""

    shell: Shell
    port: int
    user: str
    password: str | None

    @contextmanager
    def open(self) -> Iterator[Door]:
        with Relay(self.shell.forward("127.0.0.1", self.port)) as relay:
            yield Door(
                _conninfo(relay, self.user, self.password),
                lambda argv: _with_password(self.shell, (), argv, self.password),
                self.user,
                self.port,
                "127.0.0.1",
                complaints=lambda: relay.complaints,
            )


@dataclass(frozen=True, slots=True)
class DsnWay:
    """Straight from here. Programs are this machine's own, of the server's major or the next newer one."""

    dsn: str

    @contextmanager
    def open(self) -> Iterator[Door]:
        try:
            parts = conninfo.conninfo_to_dict(self.dsn)
        except psycopg.ProgrammingError as error:
            raise ConfigError("the DSN is not a Postgres connection string.", hint=DSN_FORM) from error
        password = parts.pop("password", None)
        bare = conninfo.make_conninfo("", **parts)
        env = os.environ | ({"PGPASSWORD": str(password)} if password else {})
        with ExitStack() as stack:
            door = Door(
                self.dsn,
                lambda argv: stack.enter_context(process.Process(self._local(argv, bare), shown=argv, env=env)),
                str(parts.get("user") or os.environ.get("USER", "postgres")),
                int(parts.get("port") or PORT),
                str(parts.get("host") or "") or None,
                database=str(parts.get("dbname") or "postgres"),
            )
            yield door

    def _local(self, argv: Sequence[str], bare: str) -> list[str]:
        with psycopg.connect(self.dsn, connect_timeout=CONNECT_SECONDS) as connection:
            major = connection.info.server_version // 10000
        return [str(postgres_programs.find_at_least(major) / argv[0]), *argv[1:]]


DSN_FORM = "Write it as postgresql://user@host:5432/database or as host=... user=...; see docs/reference/assets.md."
Way = ContainerWay | SocketWay | PortWay | DsnWay


def _conninfo(relay: Relay, user: str, password: str | None) -> str:
    secret = {} if password is None else {"password": password}
    return conninfo.make_conninfo("", host=str(relay.directory), port=PORT, user=user, **secret)


def _container(shell: Shell, named: str) -> tuple[str, str]:
    """The running container that is meant: "project/service" by compose's labels, else a name. And its image."""
    ids = docker.read_lines(shell.run(docker.ps(stopped=False)).check("listing containers").text)
    answer = shell.run(docker.inspect(ids)) if ids else None
    found = docker.pick(docker.read_containers(answer.text), named) if answer else None
    if found is None:
        raise DatabaseUnreachable(
            f"no running container is {named!r} on {shell.name}.",
            hint="`docker ps` on the host shows what runs; a stopped database cannot be copied over its protocol.",
        )
    return found.name, found.image


def _exec(shell: Shell, container: str, argv: Sequence[str], password: str | None) -> Running:
    if password is None:
        return shell.open(docker.exec_(container, argv))
    running = shell.open(docker.exec_(container, _READS_PASSWORD + tuple(argv), stdin=True), stdin=True)
    return _hand_over(running, password)


def _with_password(shell: Shell, become: Sequence[str], argv: Sequence[str], password: str | None) -> Running:
    if password is None:
        return shell.open((*become, *argv))
    return _hand_over(shell.open((*become, *_READS_PASSWORD, *argv), stdin=True), password)


_READS_PASSWORD = ("sh", "-c", 'IFS= read -r PGPASSWORD; export PGPASSWORD; exec "$0" "$@"')


def _hand_over(running: Running, password: str) -> Running:
    assert running.stdin
    running.stdin.write(password.encode() + b"\n")
    running.stdin.close()
    return running


def _unreachable(error: psycopg.OperationalError, complaints: str) -> DatabaseUnreachable | NotPermitted:
    said = " ".join(str(error).split())
    if complaints:
        said = f"{said} (the way there said: {complaints})"
    if error.sqlstate in ("28000", "28P01", "42501") or "authentication failed" in said or "no pg_hba.conf" in said:
        return NotPermitted(said, hint="Check user, password and pg_hba.conf; a physical copy needs REPLICATION.")
    return DatabaseUnreachable(said)
