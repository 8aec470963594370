"""A finished SSH key exchange without a login: what we say to OpenSSH's client, and how its log is read.

`ssh -v` names the key before the host has signed with it, so the key counts only when the log shows that the exchange was
finished after it (`SSH2_MSG_NEWKEYS received`). The log goes to stdout (`-E`), because a host's banner, which may say
anything, goes to stderr.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from outlive.commands.ssh import SSH_FAILED, client
from outlive.model.host import Host, SshAddress

# The default of OpenSSH 9 and 10 (with post-quantum secrecy) takes both sides ten times the work; nothing secret is sent.
_QUICK_EXCHANGE = "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256"
_KEY = re.compile(r"^debug1: Server host key: (\S+) (SHA256:\S+)", re.MULTILINE)
_FINISHED = "SSH2_MSG_NEWKEYS received"
_METHODS = re.compile(r"Authentications that can continue: (\S+)")
_TROUBLES = (
    ("timed out during banner exchange", "banner_timeout"),
    ("connection refused", "refused"),
    ("could not resolve hostname", "unreachable"),
    ("no route to host", "unreachable"),
    ("network is unreachable", "unreachable"),
    ("timed out", "timeout"),
    ("closed", "closed"),
    ("connection reset", "closed"),
)


@dataclass(frozen=True, slots=True)
class Shake:
    """`fingerprint` is that of a key with which the host has finished the exchange; else `error` says why there is none:
    refused, timeout, unreachable, banner_timeout, closed, or unproven for a key that was shown only. `methods` are the ways
    to log in that the host then offers."""

    fingerprint: str | None
    error: str = ""
    methods: tuple[str, ...] = ()


def shake(host: Host, address: str, seen: Path, *, prefer: str = "", timeout_seconds: float = 10) -> tuple[str, ...]:
    """The command that goes as far as the login at `address`, with the host's own user, port and jump hosts, and writes
    the key that it meets to the empty file `seen`. `prefer` is the type of the key that is expected."""
    options = once(address) | {
        "UserKnownHostsFile": str(seen),
        "StrictHostKeyChecking": "accept-new",
        "PreferredAuthentications": "none",
        "KexAlgorithms": f"^{_QUICK_EXCHANGE}",
        "ControlMaster": "no",
        "ControlPath": "none",
        "ConnectTimeout": str(max(1, round(timeout_seconds))),
    }
    if prefer:
        options["HostKeyAlgorithms"] = f"^{_algorithms(prefer)}"
    return (*client(host, options), "-v", "-E", "/dev/stdout", "--", SshAddress.parse(host.address).host, "true")


def once(address: str) -> dict[str, str]:
    """What holds for every connection to one address of a host: nothing is taken along, nothing is learnt on the way."""
    return {
        "HostName": address,
        "BatchMode": "yes",
        "GlobalKnownHostsFile": "/dev/null",
        "CheckHostIP": "no",
        "HashKnownHosts": "no",
        "UpdateHostKeys": "no",
        "VerifyHostKeyDNS": "no",
        "ForwardAgent": "no",
        "ClearAllForwardings": "yes",
        "PermitLocalCommand": "no",
    }


def read_shake(log: str, status: int) -> Shake:
    """From what `shake` printed. The log of jump hosts comes first, so the last key is the host's."""
    keys = list(_KEY.finditer(log))
    if keys and _FINISHED in (rest := log[keys[-1].end() :]):
        methods = _METHODS.search(rest)
        return Shake(keys[-1][2], methods=tuple(methods[1].split(",")) if methods else ())
    if keys:
        return Shake(None, "unproven")
    if status != SSH_FAILED:
        return Shake(None, "unreachable")
    return Shake(None, trouble(log))


def trouble(log: str) -> str:
    """Why ssh could not even begin, in one word; for what is not known, that nothing was reached."""
    said = "\n".join(line.lower() for line in log.splitlines() if not line.startswith("debug"))
    return next((error for words, error in _TROUBLES if words in said), "unreachable")


def login(methods: tuple[str, ...]) -> str:
    """What a refused login looks like to a person, by the methods that are left."""
    return "password_prompt" if {"password", "keyboard-interactive"} & set(methods) else "rejected"


def _algorithms(kind: str) -> str:
    """The signatures that a key of that type makes."""
    return "rsa-sha2-512,rsa-sha2-256" if kind == "ssh-rsa" else kind
