"""Signs: one fact of a machine as it is seen now, compared with what was pinned or seen before. Pure.

What each fact is worth is the truth table of research/watch.md 3.2. Strong are secrets on the disk, what the hypervisor
gives, and what the data carries. Weak are the hostname, the address, the authorized keys and the root filesystem's UUID,
which every machine made from one image shares: that they are the same proves nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from outlive.model.observation import Observation
from outlive.verdict.evidence import field, text, when
from outlive.verdict.past import Past
from outlive.verdict.pins import Pins
from outlive.verdict.sight import DMI, HOST_KEY, MACHINE_ID, Sight

BOOT_ID, BOOT_TIME, ENGINE, MARKER = "guest.boot_id", "guest.boot_time", "guest.docker_engine_id", "guest.marker"
LEAF, SYSTEM_ID = "tls.leaf", "pg.system_identifier"
VOLUME_MARKER, VOLUME_CREATED = "volume.marker", "volume.created_at"

DISK = (HOST_KEY, MACHINE_ID, ENGINE, MARKER)  # lie on the root disk, and go with it
DATA = (SYSTEM_ID, VOLUME_MARKER, VOLUME_CREATED)
UNIQUE = (HOST_KEY, MACHINE_ID, ENGINE, DMI, LEAF)  # no two machines share them, unless one was copied
WEAK = ("guest.hostname", "guest.authorized_keys", "guest.root_fs_uuid", "guest.instance_id")

_COMPARED = (*DISK, DMI, BOOT_ID, LEAF, *DATA, *WEAK)
_MARKERS = {"ok": True, "old": True, "missing": False, "foreign": False}  # old: an earlier state of the same disk

Shared = Collection[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Sign:
    """`then`: what it is compared with: the enrolment, or what was seen before; None for a marker, which is compared on
    the host. `is_shared`: several hosts have that value, so that it tells nobody apart."""

    fact: str
    same: bool
    now: Observation
    then: Observation | None = None
    is_shared: bool = False


def signs(pins: Pins, past: Past, seen: Sight, shared: Shared) -> tuple[Sign, ...]:
    """Of everything seen at a place that can be compared, the most telling first."""
    return tuple(sorted(_signs(pins, past, seen, shared), key=lambda one: _COMPARED.index(one.fact)))


def marker_state(one: Observation) -> str:
    """`ok`, `missing`, `foreign` or `old`, of a root disk or a volume."""
    return text(field(one, "state") if isinstance(one.value, dict) else one.value)


def fingerprint(fact: str, value: Any) -> str:
    """A value in the form in which it is compared: of a certificate the key, or the serial where the key is unknown."""
    if fact == LEAF and isinstance(value, dict):
        return text(value.get("spki") or value.get("serial"))
    if fact == VOLUME_CREATED:
        at = value.get("at") if isinstance(value, dict) else value
        return text(when(at) or at)
    return text(value)


def _signs(pins: Pins, past: Past, seen: Sight, shared: Shared) -> Iterator[Sign]:
    for (fact, which), one in seen.now.items():
        if fact not in _COMPARED or one.error is not None:
            continue
        if fact in (MARKER, VOLUME_MARKER):
            if marker_state(one) in _MARKERS:
                yield Sign(fact, _MARKERS[marker_state(one)], one)
            continue
        value = fingerprint(fact, one.value)
        known = {fingerprint(fact, pinned): pins.observation for pinned in pins.known(fact, which)}
        if not known or fact == BOOT_ID:
            known |= {fingerprint(fact, other.value): other for other in _compared(past.before(one), fact)}
        if value not in known and _is_pinned_elsewhere(known, pins, seen, fact):
            continue
        if known:
            then = known.get(value) or next(reversed(known.values()))
            yield Sign(fact, value in known, one, then, (fact, value) in shared)


def _is_pinned_elsewhere(known: Collection[str], pins: Pins, seen: Sight, fact: str) -> bool:
    """Whether what was pinned, without saying of which of several databases, is another one's."""
    if fact != SYSTEM_ID or isinstance(pins.values.get(fact), dict):
        return False
    return any(fingerprint(fact, other.value) in known for other in seen.values(fact))


def _compared(before: Collection[Observation], fact: str) -> list[Observation]:
    """What was there first; of boots, the last one."""
    seen = list(before)
    return seen[-1:] if fact == BOOT_ID else seen[:1]
