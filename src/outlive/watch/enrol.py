"""Who a host is, pinned; and what of it may become something else. Pure.

An identity is changed by a person who has seen the difference, or within a window that was declared beforehand; never
because something new answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from outlive.model.observation import Observation

GUEST = ("machine_id", "root_fs_uuid", "dmi_uuid", "dmi_serial", "instance_id", "docker_engine_id")
WEAK = ("hostname", "authorized_keys")  # pinned to be shown; a change of them is nobody's new identity
HARDWARE = ("guest.dmi_uuid", "guest.dmi_serial")
KEYS, ADDRESS = "ssh.host_key", "address"
EXPECTATIONS = ("reinstall", "replace", "reboot", "move")


@dataclass(frozen=True, slots=True)
class Change:
    """A pinned fact that is another now."""

    fact: str
    pinned: Any
    seen: Any


def identity(seen: Iterable[Observation], subject: str) -> dict[str, Any]:
    """What one look told of the machine at `subject` (an address, or the name of a local host), as it is pinned. Empty
    when nobody was let in there: what is not seen from the inside cannot be pinned."""
    told = {one.fact: one.value for one in seen if one.subject == subject and one.error is None}
    if "guest.boot_id" not in told:
        return {}
    found = {f"guest.{fact}": told[f"guest.{fact}"] for fact in (*GUEST, *WEAK) if f"guest.{fact}" in told}
    if KEYS in told:
        found[KEYS] = told[KEYS]
    made = {one.value["volume"]: one.value["at"] for one in seen if _is(one, "volume.created_at", subject)}
    return found | ({"volume.created_at": made} if made else {})


def data_identity(seen: Iterable[Observation], host: str) -> dict[str, Any]:
    """The clusters of a host by their names; one alone stands for itself."""
    found = {one.cluster or "": one.value for one in seen if _is(one, "pg.system_identifier", host)}
    return {"pg.system_identifier": found} if found else {}


def leaves(seen: Iterable[Observation], addresses: Sequence[str]) -> dict[str, Any]:
    """The certificates that the host's addresses show."""
    found: dict[str, dict[str, Any]] = {}
    for one in seen:
        if one.subject in addresses and _is(one, "tls.leaf", one.subject) and one.value.get("valid"):
            found[one.value["spki"]] = {key: one.value[key] for key in ("spki", "serial", "names")}
    return {"tls.leaf": list(found.values())} if found else {}


def changes(pinned: Mapping[str, Any], seen: Mapping[str, Any]) -> list[Change]:
    """What is known on both sides and is not the same. Volumes and clusters are compared by name: one that is new is no
    change, one that is gone is for the verdict."""
    found = []
    for fact, value in seen.items():
        if fact not in pinned or fact in ("tls.leaf", ADDRESS, *(f"guest.{weak}" for weak in WEAK)):
            continue
        before, after = pinned[fact], value
        if isinstance(before, dict) and isinstance(after, dict):
            both = before.keys() & after.keys()
            before, after = {name: before[name] for name in both}, {name: after[name] for name in both}
        if isinstance(before, list) and not isinstance(after, list):
            before = after if after in before else before
        if before != after:
            found.append(Change(fact, before, after))
    return found


def accepts(expect: str, found: Iterable[Change]) -> bool:
    """Whether a declared change explains these. A reinstalled machine keeps its hardware; a reboot changes nothing that
    is pinned."""
    facts = {one.fact for one in found}
    match expect:
        case "replace":
            return True
        case "reinstall":
            return not facts & set(HARDWARE)
        case _:
            return not facts


def code(facts: Mapping[str, Any]) -> str:
    """A short word for exactly this identity: who gives it back has seen it."""
    return sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]


def _is(one: Observation, fact: str, subject: str) -> bool:
    return one.fact == fact and one.subject == subject and one.error is None
