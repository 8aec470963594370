"""Asks the guarded hosts, and this machine, which machines they are."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

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


def look_around(hosts: Sequence[Host], shell: Callable[[Host], Shell], urls: dict[str, str]) -> Whereabouts:
    """All hosts at the same time. `urls` are what the keeper depends on, by what it is: the vault's endpoint, a database."""
    own, found = own_identity(), Whereabouts()
    needed = {what: _addresses(urlsplit(url).hostname) for what, url in urls.items()}

    def ask(host: Host) -> None:
        beside = (why_beside(what, at, _addresses(_name(host))) for what, at in needed.items())
        try:
            why = why_same(own, _identity(shell(host))) or next(filter(None, beside), "")
        except OutliveError as error:
            found.unseen[host.name] = str(error)
            return
        if host.is_local and not why:
            why = "its address is `local`"
        if why:
            found.shared[host.name] = why

    with ThreadPoolExecutor(max(1, min(8, len(hosts)))) as pool:
        list(pool.map(ask, hosts))
    return found


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
