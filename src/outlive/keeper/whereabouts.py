"""Asks the guarded hosts, and this machine, which machines they are."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from outlive.commands.mounts import served_by
from outlive.errors import OutliveError
from outlive.keeper.apart import Identity, why_beside, why_same
from outlive.model.host import Host, SshAddress
from outlive.transport.base import Shell

ASK_SECONDS = 15


@dataclass(slots=True)
class Whereabouts:
    """`shared`: hosts that the keeper, its vault or its memory is on, and why. `unseen`: hosts that could not be asked,
    and why; that proves nothing either way."""

    shared: dict[str, str] = field(default_factory=dict)
    unseen: dict[str, str] = field(default_factory=dict)


def own_identity() -> Identity:
    """This machine, as it calls itself; what it does not say is empty."""
    return Identity(_read("/etc/machine-id"), _read("/proc/sys/kernel/random/boot_id"))


def look_around(
    hosts: Sequence[Host], shell: Callable[[Host], Shell], needed: Mapping[str, Sequence[str | None]]
) -> Whereabouts:
    """All hosts at the same time. `needed` is what the keeper depends on, by what it is, and the names of all machines that
    have it (None: this one): two vaults are only lost together when a host has both."""
    own, found = own_identity(), Whereabouts()
    places = {what: [_addresses(name) for name in names] for what, names in needed.items()}

    def ask(host: Host) -> None:
        there = _addresses(_name(host))
        beside = [[why_beside(what, at, there) for at in all_of_it] for what, all_of_it in places.items()]
        why = next((whys[0] for whys in beside if whys and all(whys)), "")
        if host.is_local and not why:
            why = "its address is `local`"
        try:
            why = why or why_same(own, _identity(shell(host)))
        except OutliveError as error:
            found.unseen[host.name] = str(error)
        if why:
            found.shared[host.name] = why

    with ThreadPoolExecutor(max(1, min(8, len(hosts)))) as pool:
        list(pool.map(ask, hosts))
    return found


def server_of_folder(path: Path) -> str | None:
    """The machine that serves the folder over the network; None for a disk of this one."""
    return served_by(str(path.resolve()), _read("/proc/self/mountinfo"))


def server_of_url(url: str) -> str | None:
    """The machine in a URL; None where there is none (SQLite)."""
    return urlsplit(url).hostname


def _identity(shell: Shell) -> Identity:
    done = shell.run(("cat", "/etc/machine-id", "/proc/sys/kernel/random/boot_id"), timeout_seconds=ASK_SECONDS)
    return read_identity(done.text)


def read_identity(text: str) -> Identity:
    """From the two files, one after the other; a host without a machine-id (Alpine) says only its boot-id."""
    words = text.split()
    machine = next((word for word in words if len(word) == 32 and "-" not in word), "")
    return Identity(machine, next((word for word in words if len(word) == 36), ""))


def _name(host: Host) -> str | None:
    with suppress(ValueError):
        return None if host.is_local else SshAddress.parse(host.address).host
    return None


def _addresses(name: str | None) -> frozenset[str]:
    """What the name leads to from here; nothing when that cannot be told (an alias of SSH's own configuration)."""
    if not name:
        return frozenset()
    with suppress(OSError, UnicodeError):
        return frozenset(str(found[4][0]) for found in socket.getaddrinfo(name, None, proto=socket.IPPROTO_TCP))
    return frozenset()


def _read(path: str) -> str:
    with suppress(OSError):
        return Path(path).read_text().strip()
    return ""
