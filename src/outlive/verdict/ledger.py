"""The address ledger: every address that anybody ever gave for a host. Pure.

All of them are asked and judged, not only the one a person looks at: in the outage that Outlive comes from, the good
machine stood at the address that nobody asked any more (research/watch.md 0, research/incident-and-provider.md 6.2 (3)).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from outlive.model.observation import Observation
from outlive.verdict.evidence import Evidence, field, text, texts
from outlive.verdict.links import Links
from outlive.verdict.pins import Pins
from outlive.verdict.routes import Routes
from outlive.verdict.subjects import address, address_and_port, addresses_in, bare

ENROLLED, TOFU, CI, PROVIDER, DNS, PERSON = "enrolled", "tofu", "ci", "provider", "dns", "person"

# Whose word counts for "here the host belongs": the first of them that gives any address.
_OWN = (ENROLLED, TOFU, CI, PROVIDER, DNS)


@dataclass(frozen=True, slots=True)
class Told:
    """`host` None: nobody says whose address it is."""

    address: str
    host: str | None
    by: str


class Ledger:
    """`own(host)`: where the host belongs. `of(host)`: that, and every other address ever given for it."""

    def __init__(self, evidence: Evidence, pins: Mapping[str, Pins], routes: Routes) -> None:
        told = [*_enrolled(pins.values(), routes), *_given(evidence, pins)]
        believed = {one.address: one.host for one in reversed(told) if one.host and one.by != PERSON}
        links = Links(evidence, pins, routes, believed)
        told += _resolved(routes, links)
        self.links = links
        self.addresses: tuple[str, ...] = tuple(dict.fromkeys(one.address for one in told))
        self._of: dict[str, list[Told]] = {}
        self._at: dict[str, list[Told]] = {}
        for one in told:
            self._at.setdefault(one.address, []).append(one)
            self._of.setdefault(one.host or "", []).append(one)
        self._with_port: dict[str, list[str]] = {}
        for entry in filter(address_and_port, self.addresses):
            self._with_port.setdefault(bare(entry), []).append(entry)

    def of(self, host: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.address for one in self._of.get(host, ())))

    def own(self, host: str) -> tuple[str, ...]:
        for by in _OWN:
            if found := self.by(host, by):
                return found
        return ()

    def by(self, host: str, by: str) -> tuple[str, ...]:
        """The addresses that one teller gave for a host."""
        return tuple(dict.fromkeys(one.address for one in self._of.get(host, ()) if one.by == by))

    def tellers(self, host: str, at: str) -> frozenset[str]:
        """Who gave that address for that host."""
        return frozenset(one.by for one in self._at.get(at, ()) if one.host == host)

    def told_by(self, at: str) -> tuple[str, ...]:
        return tuple(sorted({one.by for one in self._at.get(at, ())}))

    def hosts_at(self, at: str) -> tuple[str, ...]:
        return tuple(sorted({one.host for one in self._at.get(at, ()) if one.host}))

    def entry(self, subject: str) -> str | None:
        """The entry of the ledger that an address belongs to; the address itself when it is in none."""
        found = address(subject)
        if found is None:
            return bare(subject) if bare(subject) in self._at else None
        with_port = address_and_port(subject)
        if with_port in self._at:
            return with_port
        behind = self._with_port.get(found, [])
        return behind[0] if found not in self._at and len(behind) == 1 else found


def _enrolled(pins: Iterable[Pins], routes: Routes) -> Iterator[Told]:
    """An enrolled name stands for the addresses to which it led when it was first resolved."""
    for one in pins:
        for given in one.addresses:
            resolved = routes.ever(bare(given))
            entries = resolved[0][1] if resolved else (_entry(given),)
            yield from (Told(entry, one.host, ENROLLED) for entry in entries)


def _given(evidence: Evidence, pins: Mapping[str, Pins]) -> Iterator[Told]:
    owners = Owners(evidence, pins)
    for fact, key, by in (
        ("tofu.state", "addresses", TOFU),
        ("ci.secret", "address", CI),
        ("provider.server", "addresses", PROVIDER),
    ):
        for one in evidence.of(fact):
            yield from (Told(_entry(at), owners.of(one), by) for at in listed(field(one, key)) if address(at))
    for one in (*evidence.of("claim"), *evidence.of("action")):
        for at in addresses_in(f"{one.subject} {json.dumps(one.value, default=str)}"):
            yield Told(at, owners.of(one), PERSON)


def _resolved(routes: Routes, links: Links) -> Iterator[Told]:
    for name in routes.names:
        found = dict.fromkeys(at for _, answer in routes.ever(name) for at in answer)
        yield from (Told(at, host, DNS) for at in found for host in (links.hosts_of(name) or (None,)))


class Owners:
    """Which host a line of the provider, the state or a person is about."""

    def __init__(self, evidence: Evidence, pins: Mapping[str, Pins]) -> None:
        self._pins = pins
        self._only = next(iter(pins)) if len(pins) == 1 else None
        self._by_id: dict[str, str] = {}
        for fact, key in (("tofu.state", "server_id"), ("provider.server", "id")):
            for one in evidence.of(fact):
                if one.subject in pins and field(one, key) is not None:
                    self._by_id[text(field(one, key))] = one.subject
        self._by_id |= {identity: host for host, pinned in pins.items() for identity in server_ids(pinned)}

    def of(self, one: Observation) -> str | None:
        """A server that the provider lists and no host claims stays nobody's, also where there is one host only."""
        if one.subject in self._pins:
            return one.subject
        identity = field(one, "id") if one.fact == "provider.server" else field(one, "server_id")
        if identity is not None and text(identity) in self._by_id:
            return self._by_id[text(identity)]
        return None if one.fact == "provider.server" else self._only


def server_ids(pins: Pins) -> tuple[str, ...]:
    """The provider's ids for the server that were pinned."""
    documents = pins.known("provider.server")
    return tuple(text(one.get("id") if isinstance(one, dict) else one) for one in documents)


def listed(value: object) -> tuple[str, ...]:
    """Addresses from a list of texts, or of the provider's own objects with an `address`."""
    if isinstance(value, list):
        return texts([one.get("address") if isinstance(one, dict) else one for one in value])
    return texts(value)


def _entry(given: str) -> str:
    return address_and_port(given) or bare(given)
