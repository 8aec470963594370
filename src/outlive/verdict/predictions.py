"""What each explanation predicts of each thing that can be seen: the truth table of research/watch.md 3.2 as data. Pure.

Every row is a statement that holds (S) or does not (C, "changed"). Where an explanation does not name a row, that may be
either way and says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from outlive.model.verdict import Name

S, C = True, False


@dataclass(frozen=True, slots=True)
class Row:
    """`fact`: what to ask to fill it ("" for what cannot be asked any more); `holds` and `fails`: how to read the answer.
    `where`: at the host's own address, at another one that was given for it, or by the host's name."""

    fact: str = ""
    holds: str = ""
    fails: str = ""
    where: str = "own"


# In the order of what it costs to ask: from outside and without login first.
ROWS: Mapping[str, Row] = MappingProxyType(
    {
        "key": Row("ssh.host_key", "the host's own key", "another key"),
        "certificate": Row("tls.leaf", "a valid certificate", "none"),
        "other": Row("ssh.host_key", "the key of another host of ours", "one that nobody enrolled", where="other"),
        "service": Row("http.response", "an answer", "none"),
        "listed": Row("provider.server", "the same server at the same address", "anything else", where="name"),
        "off": Row("provider.server", "switched off", "running", where="name"),
        "machine_id": Row("guest.machine_id", "the old one", "another one"),
        "hardware": Row("guest.dmi_uuid", "the old one", "another one"),
        "boot": Row("guest.boot_id", "the old one", "another one"),
        "engine": Row("guest.docker_engine_id", "the old one", "another one"),
        "data": Row("pg.system_identifier", "the old one", "another one", where="name"),
        "position": Row("pg.lsn", "the last one or a later one", "an earlier one", where="name"),
        "alive": Row(),  # the host's machine gave signs of life after the alleged loss
        "older": Row(),  # what is taken for the host was up before the loss
        "login": Row(),  # our key was accepted at another address that was given for the host
        "moved": Row(),  # another address answers as the host
        "silent": Row(),  # the host's own addresses do not answer
        "hangs": Row(),  # the service takes connections, or its process lives
        "cloned": Row(),
        "duplicate": Row(),
        "dns_elsewhere": Row(),
        "possible_compromise": Row(),
    }
)

_SAME = {"key": S, "machine_id": S, "hardware": S, "engine": S, "certificate": S, "data": S, "alive": S, "position": S}
_HERE = {**_SAME, "listed": S, "silent": C, "off": C}
_OLD_DISK_GONE = {"key": C, "machine_id": C, "engine": C, "certificate": C, "data": C}
_NEW_DISK = {**_OLD_DISK_GONE, "alive": C, "older": C, "boot": C, "other": C}

PREDICTIONS: Mapping[Name, Mapping[str, bool]] = MappingProxyType(
    {
        Name.SAME_MACHINE_OK: {**_HERE, "service": S, "boot": S},
        Name.SAME_MACHINE_APP_HUNG: {**_HERE, "service": C, "hangs": S, "boot": S},
        Name.SAME_MACHINE_APP_DOWN: {**_HERE, "service": C, "hangs": C},
        Name.WRONG_MACHINE: {"older": S, "alive": S, "other": S, "login": C},
        Name.REBOOTED: {**_HERE, "boot": C, "older": C},
        Name.REKEYED: {**_HERE, "key": C},
        Name.DATA_REPLACED: {**_HERE, "data": C},
        Name.ROLLED_BACK: {**_HERE, "position": C, "boot": C},
        Name.CLONED: {**_HERE, "cloned": S},
        Name.POSSIBLE_COMPROMISE: {**_HERE, "possible_compromise": S},
        Name.DUPLICATE: {**_HERE, "duplicate": S},
        Name.DNS_ELSEWHERE: {**_HERE, "dns_elsewhere": S},
        Name.ADDRESS_MOVED: {"listed": C, "data": S, "alive": S, "certificate": C, "moved": S},
        Name.OS_REINSTALLED: {**_NEW_DISK, "hardware": S, "listed": S, "login": C},
        Name.MACHINE_REPLACED: {**_NEW_DISK, "hardware": C, "listed": C, "login": C},
        Name.UNKNOWN_MACHINE: {"key": C, "machine_id": C, "hardware": C, "listed": C, "certificate": C},
        Name.SUSPENDED: {"off": S, "silent": S, "certificate": C, "alive": C},
        Name.UNREACHABLE_UNPROVEN: {**_SAME, "off": C, "silent": S},
    }
)
