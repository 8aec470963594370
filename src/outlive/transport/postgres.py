"""The ways in to a Postgres server: through `docker exec`, over SSH to its socket or port, or by DSN.

Each opens a `Door`. Passwords go to libpq in memory, to programs by environment or stdin; never into an argument vector,
where every user of the machine could read them. No way waits for ever: what hangs is `DatabaseUnreachable` in half a
minute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

import psycopg
from psycopg import conninfo

from outlive.commands import docker, docker_objects, relays
from outlive.commands import postgres as words
from outlive.errors import CommandFailed, ConfigError, DatabaseUnreachable, NotPermitted
from outlive.transport.base import Completed, Running, Shell, cure, describe
from outlive.transport.postgres_door import Door, local_program, server_major
from outlive.transport.relay import PORT, Relay

__all__ = ["ContainerWay", "Door", "DsnWay", "PortWay", "SocketWay", "Way"]

ASK_SECONDS = 15
DSN_FORM = "Write it as postgresql://user@host:5432/database or as host=... user=...; see docs/reference/assets.md."


@dataclass(frozen=True, slots=True)
class ContainerWay:
    """Into a container, over its own loopback, where the official images trust without a password."""

    shell: Shell
    container: str
    port: int
    user: str
    password: str | None = field(repr=False)

    @contextmanager
    def open(self) -> Iterator[Door]:
        found = _container(self.shell, self.container)
        asked = _ask(self.shell, docker.exec_(found.name, words.which(relays.RELAYS_TCP)), "looking for a relay")
        if not (kinds := asked.text.split()):
            raise NotPermitted(
                f"container {found.name} has none of {', '.join(relays.RELAYS_TCP)} to carry a connection.",
                hint="Give the asset a `dsn` instead, or guard it with kind postgres_dump.",
            )
        carrier = docker.exec_(found.name, relays.relay(kinds[0], "127.0.0.1", self.port), stdin=True)
        with Relay(self.shell.command(carrier)) as relay:
            info = _conninfo(relay, self.user, self.password)
            yield Door(info, partial(self._program, found.name), found.image, complaints=lambda: relay.complaints)

    def _program(self, name: str, argv: Sequence[str]) -> Running:
        argv = words.at(argv, self.user, self.port, None)
        if self.password is None:
            return self.shell.open(docker.exec_(name, argv))
        inside = docker.exec_(name, (*_READS_PASSWORD, *argv), stdin=True)
        return _hand_over(self.shell.open(inside, stdin=True), self.password)


@dataclass(frozen=True, slots=True)
class SocketWay:
    """Over SSH to the server's Unix socket, as the operating system's user that `peer` authentication wants."""

    shell: Shell
    directory: str
    os_user: str
    port: int
    user: str
    password: str | None = field(repr=False)

    @contextmanager
    def open(self) -> Iterator[Door]:
        become = self._become()
        programs = [kind.removesuffix("-unix") for kind in relays.RELAYS_UNIX]
        if not (kinds := _ask(self.shell, words.which(programs), "looking for a relay").text.split()):
            raise NotPermitted(
                f"{self.shell.name} has none of {', '.join(programs)} to carry a connection to a socket.",
                hint="Name the server's `port` instead of its socket, or install perl there.",
            )
        path = f"{self.directory}/.s.PGSQL.{self.port}"
        carrier = (*become, *relays.relay(f"{kinds[0]}-unix", path, self.port))
        with Relay(self.shell.command(carrier)) as relay:
            info = _conninfo(relay, self.user, self.password)
            program = _there_or_here(self.shell, become, info, (self.user, self.port, self.directory), self.password)
            yield Door(info, program, complaints=lambda: relay.complaints)

    def _become(self) -> tuple[str, ...]:
        me = _ask(self.shell, ("id", "-un"), "asking for the login's name").text.strip()
        if me == self.os_user:
            return ()
        return ("runuser", "-u", self.os_user, "--") if me == "root" else ("sudo", "-n", "-u", self.os_user, "--")


@dataclass(frozen=True, slots=True)
class PortWay:
    """Over SSH to a port on the host's loopback: `ssh -W`, OpenSSH's own forwarding of stdin and stdout."""

    shell: Shell
    port: int
    user: str
    password: str | None = field(repr=False)

    @contextmanager
    def open(self) -> Iterator[Door]:
        with Relay(self.shell.forward("127.0.0.1", self.port)) as relay:
            info = _conninfo(relay, self.user, self.password)
            program = _there_or_here(self.shell, (), info, (self.user, self.port, "127.0.0.1"), self.password)
            yield Door(info, program, complaints=lambda: relay.complaints)


@dataclass(frozen=True, slots=True)
class DsnWay:
    """Straight from here, with this machine's own programs."""

    dsn: str = field(repr=False)

    @contextmanager
    def open(self) -> Iterator[Door]:
        try:
            parts = conninfo.conninfo_to_dict(self.dsn)
        except psycopg.ProgrammingError as error:
            raise ConfigError("the DSN is not a Postgres connection string.", hint=DSN_FORM) from error
        yield Door(self.dsn, partial(local_program, self.dsn), database=str(parts.get("dbname") or "postgres"))


Way = ContainerWay | SocketWay | PortWay | DsnWay


def _conninfo(relay: Relay, user: str, password: str | None) -> str:
    secret = {} if password is None else {"password": password}
    return conninfo.make_conninfo("", host=str(relay.directory), port=PORT, user=user, **secret)


def _ask(shell: Shell, argv: Sequence[str], what: str) -> Completed:
    """A short question to the host. Raises `DatabaseUnreachable` when it is not answered, besides the shell's own."""
    try:
        done = shell.run(argv, timeout_seconds=ASK_SECONDS)
    except CommandFailed as error:  # not there, or no end in time
        raise DatabaseUnreachable(f"{what} on {shell.name}: {error.detail}") from error
    if done.status != 0:
        said = " | ".join(done.stderr.strip().splitlines()[-3:])
        raise DatabaseUnreachable(f"{what} on {shell.name}: {describe(done.status)}: {said}", hint=cure(done.stderr))
    return done


def _container(shell: Shell, named: str) -> docker_objects.Container:
    """The running container that is meant: "project/service" by compose's labels, else a name."""
    ids = docker.read_lines(_ask(shell, docker.ps(stopped=False), "listing containers").text)
    found = None
    if ids:
        with suppress(ValueError):
            answer = shell.run(docker.inspect(ids), timeout_seconds=ASK_SECONDS)  # exits 1 when one has just gone
            found = docker_objects.pick(docker_objects.read_containers(answer.text), named)
    if found is None or not found.running:
        state = f"container {named!r} on {shell.name} is {found.state}" if found else ""
        raise DatabaseUnreachable(
            f"{state or f'no running container is {named!r} on {shell.name}'}.",
            hint="`docker ps` on the host shows what runs; a stopped database cannot be copied over its protocol.",
        )
    return found


def _there_or_here(
    shell: Shell, become: Sequence[str], info: str, server: tuple[str, int, str], password: str | None
) -> Callable[[Sequence[str]], Running]:
    """Starts the host's own client programs; where it has none of the server's major (one in a container, with its port
    published, beside a distribution's client), this machine's, through the relay."""

    def program(argv: Sequence[str]) -> Running:
        major = server_major(info)
        named = words.places(argv[0], major)
        told = _ask(shell, words.versions_of(named), f"looking for {argv[0]}").text.splitlines()
        fitting = [name for name, line in zip(named, told, strict=False) if words.read_version(line) == major]
        if not fitting:
            return local_program(info, argv)
        there = words.at((fitting[0], *argv[1:]), *server)
        if password is None:
            return shell.open((*become, *there))
        return _hand_over(shell.open((*become, *_READS_PASSWORD, *there), stdin=True), password)

    return program


_READS_PASSWORD = ("sh", "-c", 'IFS= read -r PGPASSWORD; export PGPASSWORD; exec "$0" "$@"')


def _hand_over(running: Running, password: str) -> Running:
    assert running.stdin
    running.stdin.write(password.encode() + b"\n")
    running.stdin.close()
    return running
