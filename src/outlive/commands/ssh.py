"""What we say to OpenSSH's client, and how its complaints are read.

The system's `ssh` is used, so that a person's configuration, agent, jump hosts, certificates and hardware keys work.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
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
    return (*_client(host, paths), "--", SshAddress.parse(host.address).host, shlex.join(words))


def who() -> tuple[str, ...]:
    """Asks what a login may: the last word is "root", "sudo" (root without a password) or "neither", before it its name."""
    script = (
        'id -un; if [ "$(id -u)" = 0 ]; then echo root; elif sudo -n -- sh -c :; then echo sudo; else echo neither; fi'
    )
    return ("sh", "-c", f"{script} 2>/dev/null")


def forward(host: Host, paths: SshPaths, address: str, port: int) -> tuple[str, ...]:
    """The command that joins its stdin and stdout to a TCP port as seen from the host (ssh(1) -W)."""
    return (*_client(host, paths), "-W", f"{address}:{port}", "--", SshAddress.parse(host.address).host)


def close_shared(host: Host, paths: SshPaths) -> tuple[str, ...]:
    """The command that ends the shared connection (ssh(1) -O exit); fails harmlessly when there is none."""
    return (*_client(host, paths), "-O", "exit", "--", SshAddress.parse(host.address).host)


def _client(host: Host, paths: SshPaths) -> tuple[str, ...]:
    address = SshAddress.parse(host.address)
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
    command = ["ssh", "-T"]
    if host.ssh_config:
        command += ["-F", host.ssh_config]
    if host.identity_file:
        command += ["-i", host.identity_file]
    for name, value in options.items():
        command += ["-o", f"{name}={value}"]
    if address.port:
        command += ["-p", str(address.port)]
    if address.user:
        command += ["-l", address.user]
    return tuple(command)


def read_trouble(stderr: str) -> SshTrouble:
    """Why ssh exited with 255. Words as printed by OpenSSH 8 to 10."""
    text = stderr.lower()
    if "remote host identification has changed" in text or "host key verification failed" in text:
        changed = "identification has changed" in text
        return SshTrouble.HOST_KEY_CHANGED if changed else SshTrouble.HOST_KEY_UNKNOWN
    if "permission denied" in text or "too many authentication failures" in text:
        return SshTrouble.LOGIN_REJECTED
    return SshTrouble.UNREACHABLE
