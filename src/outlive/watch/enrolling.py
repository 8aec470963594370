"""Which machine would be pinned as a host, and pinning it: in the memory, and in the keeper's known_hosts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from outlive.model.host import Host
from outlive.model.observation import Observation
from outlive.model.watching import Enrolment
from outlive.state.watching import Watching
from outlive.transport import hostkey
from outlive.watch import enrol
from outlive.watch.errors import SeveralMachines
from outlive.watch.plan import names_of
from outlive.watch.watcher import Watcher


@dataclass(frozen=True, slots=True)
class Candidate:
    """A machine that let us in. `subjects` are the addresses at which it answers (for this machine: the host's name),
    `key` is its host key (`TYPE BASE64`), `is_vouched`: that key is pinned already."""

    subjects: tuple[str, ...]
    facts: dict[str, Any] = field(default_factory=dict)
    key: str = ""
    is_vouched: bool = False


def candidate(watcher: Watcher, seen: Sequence[Observation], host: Host, *, at: str = "") -> Candidate | None:
    """The machine that would be `host`: the one at `at`; else the only one that answers at its addresses; of several, the
    one whose key is pinned. None when nobody let us in. Raises `SeveralMachines`."""
    machines = [one for one in _machines(watcher, seen, host) if at in ("", *one.subjects)]
    chosen = machines if len(machines) < 2 else [one for one in machines if one.is_vouched]
    if not machines:
        return None
    if len(chosen) != 1:
        raise SeveralMachines(f"{host.name}: {'; '.join(' and '.join(one.subjects) for one in machines)}.")
    return chosen[0]


def pin(memory: Watching, watcher: Watcher, host: Host, one: Candidate, enrolment: Enrolment) -> None:
    """From now on this is the host. Its key replaces what known_hosts had for it."""
    if one.key and not one.is_vouched:
        known_hosts = watcher.settings.keeper.known_hosts
        hostkey.repin(host, one.key, known_hosts)
        watcher.eyes.sight.pinned[host.name] = hostkey.pinned(host, known_hosts)
    memory.enrol(enrolment)
    watcher.enrolments[host.name] = enrolment


def _machines(watcher: Watcher, seen: Sequence[Observation], host: Host) -> list[Candidate]:
    """Every machine that let us in as the host, once for all addresses at which it answers."""
    data = enrol.data_identity(seen, host.name)
    if host.is_local:
        facts = enrol.identity(seen, host.name)
        return [Candidate((host.name,), facts | data, is_vouched=True)] if facts else []
    found: dict[str, Candidate] = {}
    for where in watcher.subjects(host):
        if facts := enrol.identity(seen, where):
            code = enrol.code(facts)
            before = found[code].subjects if code in found else ()
            found[code] = Candidate((*before, where), facts, _key(watcher, host, where), _vouched(watcher, host, facts))
    return [_whole(watcher, seen, host, one, data) for one in found.values()]


def _whole(
    watcher: Watcher, seen: Sequence[Observation], host: Host, one: Candidate, data: dict[str, Any]
) -> Candidate:
    """With what belongs to the host and not to the machine: addresses, clusters, certificates, and where names lead."""
    addresses = [address for where, address in watcher.subjects(host).items() if where in one.subjects]
    names = names_of(host)
    leads = sorted(
        {at for told in seen if told.fact == "dns.addresses" and told.subject in names for at in _list(told)}
    )
    facts = one.facts | data | enrol.leaves(seen, addresses) | {enrol.ADDRESS: list(one.subjects)}
    if names:
        facts |= {"dns.names": list(names), "dns.addresses": leads}
    return Candidate(one.subjects, facts, one.key, one.is_vouched)


def _vouched(watcher: Watcher, host: Host, facts: dict[str, Any]) -> bool:
    pinned = watcher.eyes.sight.pinned.get(host.name, ())
    return facts.get(enrol.KEYS) in [key.fingerprint for key in pinned]


def _key(watcher: Watcher, host: Host, where: str) -> str:
    return next((one.key for one in watcher.eyes.peers if (one.host.name, one.subject) == (host.name, where)), "")


def _list(told: Observation) -> list[str]:
    return [] if told.error is not None else list(told.value)
