"""What we say to OpenSSH's client, and how its complaints are read.

The system's `ssh` is used, so that a person's configuration, agent, jump hosts, certificates and hardware keys work.
"""

from __future__ import annotations

import shlex
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from outlive.model.host import Host, SshAddress

SUDO = ("sudo", "-n", "--")
MAY_SUDO = ("sh", "-c", ":")  # our words begin with `sh` often enough that a list of allowed programs must have it
SSH_FAILED = 255  # ssh(1): "exits with the exit status of the remote command or with 255 if an error occurred"


@dataclass(frozen=True, slots=True)
class SshPaths:
    """Files of the keeper's own: the pinned host keys and the folder of shared connections."""

    known_hosts: Path
    control: Path


class SshTrouble(StrEnum):
    """Why ssh itself failed, as far as its words tell."""

    HOST_KEY_CHANGED = "host key changed"
    HOST_KEY_UNKNOWN = "host key unknown"
    LOGIN_REJECTED = "login rejected"
    UNREACHABLE = "unreachable"


def ssh(host: Host, paths: SshPaths, argv: Sequence[str]) -> tuple[str, ...]:
    """The command that runs `argv` on the host: one shared connection, pinned host keys only, never a prompt."""
    words = (*SUDO, *argv) if host.sudo else argv
    return (*_client(host, paths), "--", SshAddress.parse(host.address).host, shell_line(words))


def who() -> tuple[str, ...]:
    """Asks what a login may: the last word is "root", "sudo" (root without a password) or "neither", before it its name."""
    script = (
        'id -un; if [ "$(id -u)" = 0 ]; then echo root; elif sudo -n -- sh -c :; then echo sudo; else echo neither; fi'
    )
    return ("sh", "-c", f"{script} 2>/dev/null")


def shell_line(argv: Sequence[str]) -> str:
    """The one text that is handed to the host's login shell (sshd knows no argument vectors)."""
    return shlex.join(argv)


def forward(host: Host, paths: SshPaths, address: str, port: int) -> tuple[str, ...]:
    """The command that joins its stdin and stdout to a TCP port as seen from the host (ssh(1) -W)."""
    return (*_client(host, paths), "-W", f"{address}:{port}", "--", SshAddress.parse(host.address).host)


def close_shared(host: Host, paths: SshPaths) -> tuple[str, ...]:
    """The command that ends the shared connection (ssh(1) -O exit); fails harmlessly when there is none."""
    return (*_client(host, paths), "-O", "exit", "--", SshAddress.parse(host.address).host)


def _client(host: Host, paths: SshPaths) -> tuple[str, ...]:
    options = {
        "BatchMode": "yes",
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": str(paths.known_hosts),
        "GlobalKnownHostsFile": "/dev/null",
        "UpdateHostKeys": "no",  # a host may not add keys of its own to what a person pinned
        "ConnectTimeout": "10",
        "ServerAliveInterval": "15",
        "ServerAliveCountMax": "4",
        "ControlMaster": "auto",
        "ControlPath": str(paths.control / "%C"),
        "ControlPersist": "60",
    }
    return client(host, options)


def client(host: Host, options: Mapping[str, str]) -> tuple[str, ...]:
    """`ssh` with the host's own files, and these options, which win over what the files say."""
    address = SshAddress.parse(host.address)
    words = ["ssh", "-T", *(["-F", host.ssh_config] if host.ssh_config else [])]
    words += ["-i", host.identity_file] if host.identity_file else []
    words += [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    words += ["-p", str(address.port)] if address.port else []
    words += ["-l", address.user] if address.user else []
    return tuple(words)


@dataclass(frozen=True, slots=True)
class Route:
    """Where SSH's own configuration leads for a host: the name or address that it connects to, its port, the name under
    which it looks for keys, and whether it goes through another host."""

    name: str
    port: int
    alias: str = ""
    is_proxied: bool = False

    @property
    def known_as(self) -> str:
        """As in sshconnect.c: HostKeyAlias, else the name, in brackets with its port when that is not 22."""
        return self.alias or (self.name if self.port == 22 else f"[{self.name}]:{self.port}")


def route(host: Host) -> tuple[str, ...]:
    """The command that tells it (ssh(1) -G); nobody is asked."""
    return (*client(host, {}), "-G", "--", SshAddress.parse(host.address).host)


def read_route(host: Host, text: str) -> Route:
    told = dict(line.partition(" ")[::2] for line in text.splitlines())
    name = told.get("hostname", SshAddress.parse(host.address).host)
    proxied = any(told.get(word, "none") != "none" for word in ("proxyjump", "proxycommand"))
    return Route(name, int(told.get("port", "22")), told.get("hostkeyalias", ""), proxied)


def fingerprint(key: str) -> str:
    """`SHA256:...` of a public key (base64), as `ssh-keygen -l` prints it. Raises ValueError."""
    digest = sha256(b64decode(key, validate=True)).digest()
    return "SHA256:" + b64encode(digest).decode().rstrip("=")


def read_trouble(stderr: str) -> SshTrouble:
    """Why ssh exited with 255. Words as printed by OpenSSH 8 to 10."""
    text = stderr.lower()
    if "remote host identification has changed" in text or "host key verification failed" in text:
        changed = "identification has changed" in text
        return SshTrouble.HOST_KEY_CHANGED if changed else SshTrouble.HOST_KEY_UNKNOWN
    if "permission denied" in text or "too many authentication failures" in text:
        return SshTrouble.LOGIN_REJECTED
    return SshTrouble.UNREACHABLE
