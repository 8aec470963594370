"""How like a machine is to an enrolled host: the comparison's outcome, before any rule names it. Pure.

A host key that is still the same proves, by a finished key exchange, that the disk is. One that changed proves little:
cloud-init makes new ones when it takes a reboot for a first boot (canonical/cloud-init#6270, #3753). So a changed key is
judged by what else lies on the disk: the machine-id, Docker's engine id, our marker, the running kernel's boot-id.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from outlive.verdict.sight import DMI, HOST_KEY, MACHINE_ID
from outlive.verdict.signs import BOOT_ID, DATA, ENGINE, LEAF, MARKER, Sign

_INSIDE = (MACHINE_ID, ENGINE, MARKER)
_PROOF = (MARKER, BOOT_ID)  # random, and read there: nothing but that very disk or kernel has them


class Kind(StrEnum):
    SELF = "self"  # the disk is the host's
    REKEYED = "rekeyed"  # the disk is the host's, with a new host key
    NEW_DISK = "new disk"
    KEY_ONLY = "key only"  # another host key, and nothing else is known
    NOTHING = "nothing"  # nothing that could be compared


@dataclass(frozen=True, slots=True)
class Likeness:
    kind: Kind
    signs: tuple[Sign, ...]

    @property
    def same(self) -> tuple[Sign, ...]:
        """What on the disk, in the hardware or in the kernel is still the host's."""
        facts = (HOST_KEY, *_INSIDE, BOOT_ID, LEAF, DMI)
        return tuple(one for one in self.signs if one.same and one.fact in facts and not one.is_shared)

    @property
    def same_disk(self) -> tuple[Sign, ...]:
        return tuple(one for one in self.same if one.fact != DMI)

    @property
    def changed(self) -> tuple[Sign, ...]:
        return tuple(one for one in self.signs if not one.same and one.fact in (HOST_KEY, *_INSIDE, DMI))

    @property
    def is_self(self) -> bool:
        return self.kind in (Kind.SELF, Kind.REKEYED)

    def of(self, *facts: str) -> tuple[Sign, ...]:
        return tuple(one for one in self.signs if one.fact in facts)

    def state(self, fact: str) -> bool | None:
        """Whether a fact is the same; None when it is not known."""
        found = self.of(fact)
        return all(one.same for one in found) if found else None

    @property
    def new_data(self) -> tuple[Sign, ...]:
        return tuple(one for one in self.of(*DATA) if not one.same)


def likeness(signs: tuple[Sign, ...]) -> Likeness:
    return Likeness(_kind(signs), signs)


def _kind(signs: tuple[Sign, ...]) -> Kind:
    signs = tuple(one for one in signs if not (one.same and one.is_shared))
    key = next((one.same for one in signs if one.fact == HOST_KEY), None)
    inside = [one for one in signs if one.fact in _INSIDE]
    same = [one for one in signs if one.same and one.fact in (*_INSIDE, BOOT_ID, LEAF)]
    changed = [one for one in inside if not one.same]
    is_copy_or_self = _outweighs(same, changed)
    if key:
        return Kind.NEW_DISK if len(changed) > 1 and not same else Kind.SELF
    if not same and not changed:
        return Kind.NOTHING if key is None else Kind.KEY_ONLY
    if not is_copy_or_self:
        return Kind.NEW_DISK
    return Kind.SELF if key is None else Kind.REKEYED


def _outweighs(same: list[Sign], changed: list[Sign]) -> bool:
    """Whether what stayed says more than what changed: a marker or a boot-id decides, else the greater number."""
    if any(one.fact in _PROOF for one in same):
        return True
    if any(one.fact == MARKER for one in changed):
        return False
    return bool(same) and len(same) >= len(changed)
