"""Who had an address, and when: what was seen there of another disk is none of a host's past. Pure.

Addresses are swapped, lent and given back, and a machine that was put aside comes back with the boot that it had. Whoever
compares it with what stood at its address meanwhile sees "an older boot" and cries clone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from outlive.model.observation import Observation
from outlive.verdict.evidence import Key, text
from outlive.verdict.pins import Pins
from outlive.verdict.sight import HOST_KEY, MACHINE_ID

_ON_THE_DISK = (HOST_KEY, MACHINE_ID)
_Marks = list[tuple[datetime, bool]]

Seen = Mapping[Key, Sequence[Observation]]


def own_share(pins: Pins, seen: Seen, shared: Collection[tuple[str, str]]) -> Seen:
    """Of everything ever seen at one place, what was not seen of another disk: by the host key and the machine-id that were
    seen nearest to it in time. Where one of the two was the host's (a new key on the old disk), or where neither is
    pinned, it counts as the host's."""
    marks = [found for fact in _ON_THE_DISK if (found := _marks(fact, pins, seen, shared))]
    if all(same for found in marks for _, same in found):
        return seen
    return {key: [one for one in said if not _is_anothers(one.at, marks)] for key, said in seen.items()}


def _marks(fact: str, pins: Pins, seen: Seen, shared: Collection[tuple[str, str]]) -> _Marks:
    """When that fact was seen there, and whether it was the host's; a value of several hosts tells nobody apart."""
    own = {text(value) for value in pins.known(fact)}
    if not own:
        return []
    values = [(one.at, text(one.value)) for one in seen.get((fact, ""), ()) if one.error is None]
    return [(at, value in own) for at, value in values if (fact, value) not in shared]


def _is_anothers(at: datetime, marks: Sequence[_Marks]) -> bool:
    return not any(_nearest(at, found) for found in marks)


def _nearest(at: datetime, marks: _Marks) -> bool:
    """What the sight nearest in time says; of two that are as near, the earlier one."""
    after = bisect_left(marks, at, key=lambda mark: mark[0])
    beside = marks[max(0, after - 1) : after + 1]
    return min(beside, key=lambda mark: abs(mark[0] - at))[1]
