"""Does the keeper sit on what it guards? Then one disk takes the data, the copies of a local vault, and the memory of both
along. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from outlive.errors import Refused

NEVER_SET = ("", "uninitialized")  # machine-id(5): what an image has before its first boot


@dataclass(frozen=True, slots=True)
class Identity:
    """Which machine something runs on. The boot-id is the kernel's: containers on one machine share it."""

    machine_id: str
    boot_id: str


def why_same(own: Identity, there: Identity) -> str:
    """Why both are one machine, in words; empty when they are not, or when it cannot be told."""
    if own.machine_id == there.machine_id and own.machine_id not in NEVER_SET:
        return "it has this machine's machine-id"
    if own.boot_id == there.boot_id and own.boot_id:
        return "it runs on the same kernel as this (the same boot-id), so one of them is a container of the other's machine"
    return ""


def why_beside(what: str, addresses: Iterable[str], there: Iterable[str]) -> str:
    """Why something is on a host, by the addresses that both names lead to; empty when none is the same. Loopback
    addresses are everybody's own and tell nothing."""
    both = sorted(set(addresses) & set(there) - {"127.0.0.1", "::1"})
    return f"{what} is at the same address ({both[0]})" if both else ""


class NotApart(Refused):
    """Refused: the keeper would die together with what it guards."""

    hint = (
        "Run the keeper on another machine. If it must be so, write the reason into outlive.toml: "
        '[keeper] allow_same_host = "why".'
    )


def insist(shared: dict[str, str], allowed: str | None) -> None:
    """Raises `NotApart` for hosts that are not apart (by name, with the reason why) unless that is allowed in writing."""
    if shared and not allowed:
        raise NotApart("; ".join(f"host {name}: {why}" for name, why in shared.items()) + ".")
