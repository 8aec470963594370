"""The ways in to a Temporal server: to its container's address or its port as the host sees them, or straight from here.

Over SSH the connection is carried by `ssh -W` behind a private Unix socket on this side, so that nobody else on this
machine gets at a server that mostly asks for no password. Temporal's SDK speaks gRPC over TCP alone, but it goes through
an HTTP CONNECT proxy at a Unix socket: the relay plays that proxy.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from outlive.commands import docker, docker_objects
from outlive.errors import CommandFailed, ConfigError, TemporalUnreachable
from outlive.model.asset import TemporalAsset
from outlive.transport.base import Shell
from outlive.transport.relay import Relay
from outlive.transport.temporal_door import Door, opened
from outlive.transport.temporal_link import Access

ASK_SECONDS = 15
GREET_SECONDS = 5.0
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class HostWay:
    """To a port as the host sees it: on its loopback, or, with `container`, at that container's address (the official
    image binds to it, not to a loopback of its own)."""

    shell: Shell
    port: int
    container: str | None = None
    access: Access = field(default_factory=Access)

    @contextmanager
    def open(self) -> Iterator[Door]:
        address = _address(self.shell, self.container) if self.container else "127.0.0.1"
        with Relay(self.shell.forward(address, self.port), greet=_as_proxy) as relay:
            where = f"{self.shell.name}, {address}:{self.port}"
            target, said = f"{address}:{self.port}", lambda: relay.complaints
            with opened(target, where, self.access, proxy=relay.path, complaints=said) as door:
                yield door


@dataclass(frozen=True, slots=True)
class AddressWay:
    """Straight from here."""

    address: str
    access: Access = field(default_factory=Access)

    @contextmanager
    def open(self) -> Iterator[Door]:
        with opened(self.address, self.address, self.access) as door:
            yield door


Way = HostWay | AddressWay


def way(asset: TemporalAsset, there: Shell | None, access: Access) -> Way:
    """The one that the asset names; `there` is its host. Raises `ConfigError` when it names none."""
    if asset.address is not None:
        return AddressWay(asset.address, access)
    if there is None:
        raise ConfigError(f"asset {asset.name!r} names neither a host nor an address.", hint="Add `host` or `address`.")
    return HostWay(there, asset.port, asset.container, access)


def _address(shell: Shell, named: str) -> str:
    """Of the running container that is meant: "project/service" by compose's labels, else a name."""
    try:
        ids = docker.read_lines(
            shell.run(docker.ps(stopped=False), timeout_seconds=ASK_SECONDS).check("docker ps").text
        )
        answer = shell.run(docker.inspect(ids), timeout_seconds=ASK_SECONDS) if ids else None
    except CommandFailed as error:
        raise TemporalUnreachable(f"listing containers on {shell.name}: {error.detail}", hint=error.hint) from error
    found = None
    with suppress(ValueError):
        found = docker_objects.pick(docker_objects.read_containers(answer.text), named) if answer else None
    if found is None or not found.running:
        raise TemporalUnreachable(
            f"no running container is {named!r} on {shell.name}.", hint="`docker ps` on the host shows what runs."
        )
    return found.networks[0] if found.networks else "127.0.0.1"  # none: it shares the host's own


def _as_proxy(connection: socket.socket) -> None:
    """Takes any CONNECT for granted: there is one place that the relay leads to. Raises `OSError`."""
    connection.settimeout(GREET_SECONDS)
    asked = b""
    while not asked.endswith(_END):
        piece = connection.recv(4096)
        if not piece or len(asked) > 16384:
            raise OSError("no CONNECT came")
        asked += piece
    connection.sendall(b"HTTP/1.1 200 OK" + _END)
    connection.settimeout(None)
