"""Which machine would be pinned as a host, and pinning it: in the memory, and in the keeper's known_hosts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from outlive.model.host import Host
from outlive.model.observation import Observation
from outlive.model.watching import Enrolment
from outlive.state.watching import Watching
from outlive.transport import hostkey
from outlive.transport.ssh_peer import subject
from outlive.watch import enrol, ledger
from outlive.watch.plan import names_of
from outlive.watch.watcher import Watcher


@dataclass(frozen=True, slots=True)
class Candidate:
    """A machine that let us in. `subjects` are where it answers, `key` is its host key (`TYPE BASE64`; "" for this
    machine); `is_vouched`: the keeper's known_hosts has that key."""

    subjects: tuple[str, ...]
    facts: dict[str, Any] = field(default_factory=dict)
    key: str = ""
    is_vouched: bool = False


class SeveralMachines(enrol.SeveralMachines):
    """Kept apart so that this file needs no other name for it."""


def candidate(watcher: Watcher, seen: Sequence[Observation], host: Host, *, at: str = "") -> Candidate | None:
    """The machine that is to be `host`: the one at `at`; else the only one that answers at its addresses; else, of
    several, the one whose key is pinned. None when nobody let us in. Raises `SeveralMachines`."""
    machines = [one for one in _machines(watcher, seen, host) if at in ("", *one.subjects, *_bare(one.subjects))]
    vouched = [one for one in machines if one.is_vouched]
    chosen = machines if len(machines) < 2 else vouched
    if len(chosen) != 1:
        if not machines:
            return None
        raise SeveralMachines(", ".join(" and ".join(one.subjects) for one in machines))
    return chosen[0]
