"""What the provider says of its servers. Pure. One channel, whoever asked: its API, its dashboard, a state file.

A provider's document corroborates and never proves: in the outage it said the same before and after, and a reinstall
leaves no trace in it (research/incident-and-provider.md 4.3). Whether a listed server is ours is decided by its id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from outlive.model.observation import Observation
from outlive.verdict.evidence import Evidence, field, number, text
from outlive.verdict.judging import Judging
from outlive.verdict.ledger import Owners, listed, server_ids
from outlive.verdict.pins import Pins
from outlive.verdict.subjects import address

_LISTING = timedelta(minutes=2)  # a list is read page by page

_RUNNING = frozenset({"active", "running", "started", "on", "up", "online", ""})
_PASSING = frozenset({"pending", "provisioning", "deploying", "starting", "rebooting", "initializing"})


@dataclass(frozen=True, slots=True)
class Servers:
    """The documents that are in force: of the newest listing. `ids`: which server each host was given. `owner`: whose a
    listed server is."""

    by_hostname: Mapping[str, tuple[Observation, ...]]
    owner: Mapping[str, str]
    by_host: Mapping[str, tuple[Observation, ...]]
    ids: Mapping[str, frozenset[str]]
    credit: Observation | None = None

    def of(self, host: str) -> tuple[Observation, ...]:
        return self.by_host.get(host, ())

    def is_same(self, host: str) -> bool | None:
        """Whether the provider still has the server that the host was given; None when that cannot be told."""
        known = self.ids.get(host, frozenset())
        listed_ids = {identity(one) for one in self.of(host)} - {""}
        return bool(known & listed_ids) if known and listed_ids else None

    def twins(self, host: str, names: Iterable[str]) -> tuple[Observation, ...]:
        """Further servers that go by the host's name and are no other host's."""
        own = {identity(one) for one in self.of(host)[:1]}
        hostnames = sorted({*names, *(hostname(one) for one in self.of(host))} - {""})
        named = {identity(one): one for name in hostnames for one in self.by_hostname.get(name, ())}
        return tuple(one for key, one in named.items() if key and key not in own and self._is_free(key, host))

    def _is_free(self, key: str, host: str) -> bool:
        return self.owner.get(key, host) == host


def servers(evidence: Evidence, pins: Mapping[str, Pins], now: datetime, settings: Judging) -> Servers:
    recent = [
        one
        for one in evidence.of("provider.server")
        if one.error is None and (now - one.at).total_seconds() <= settings.max_age(one.fact)
    ]
    newest = {(one.witness, one.subject): one.at for one in recent}
    listings = {one.witness: one for one in evidence.of("provider.listing") if one.error is None}
    documents: dict[tuple[str, str, str], Observation] = {}
    for one in recent:
        if one.at >= newest[one.witness, one.subject] - _LISTING and not _is_gone(one, listings.get(one.witness)):
            documents[one.witness, one.subject, identity(one)] = one
    owners = Owners(evidence, pins)
    by_host: dict[str, list[Observation]] = {}
    by_hostname: dict[str, list[Observation]] = {}
    for one in documents.values():
        by_hostname.setdefault(hostname(one), []).append(one)
        if host := owners.of(one):
            by_host.setdefault(host, []).append(one)
    ids = _given_ids(evidence, pins)
    return Servers(
        by_hostname={name: tuple(named) for name, named in by_hostname.items()},
        owner={identity(one): host for host, own in by_host.items() for one in own},
        by_host={
            host: tuple(sorted(own, key=lambda one: identity(one) not in ids[host])) for host, own in by_host.items()
        },
        ids=ids,
        credit=_credit(evidence, now, settings),
    )


def _is_gone(one: Observation, listing: Observation | None) -> bool:
    """No longer in the list that the same witness has read whole since."""
    ids = None if listing is None else field(listing, "ids")
    return listing is not None and listing.at >= one.at and isinstance(ids, list) and identity(one) not in listed(ids)


def identity(one: Observation) -> str:
    found = field(one, "id")
    return "" if found is None else text(found)


def hostname(one: Observation) -> str:
    found = field(one, "hostname")
    return found if isinstance(found, str) else ""


def addresses_of(one: Observation) -> set[str]:
    return set(filter(None, map(address, listed(field(one, "addresses")))))


def has_address(one: Observation, at: str) -> bool:
    return at in addresses_of(one)


def is_running(one: Observation) -> bool:
    """Whether the provider says that it runs. Words that nobody knows count as "no": they are news."""
    states = {str(field(one, key) or "").strip().lower() for key in ("state", "power")}
    return states <= _RUNNING | _PASSING


def _given_ids(evidence: Evidence, pins: Mapping[str, Pins]) -> dict[str, frozenset[str]]:
    """From the enrolment, else from the state, else the first id that the provider ever listed for the host."""
    first: dict[str, str] = {}
    for fact, key in (("tofu.state", "server_id"), ("provider.server", "id")):
        for one in evidence.of(fact):
            if field(one, key):
                first.setdefault(one.subject, text(field(one, key)))
    given = {host: server_ids(pinned) or (first.get(host, ""),) for host, pinned in pins.items()}
    return {host: frozenset(ids) - {""} for host, ids in given.items()}


def _credit(evidence: Evidence, now: datetime, settings: Judging) -> Observation | None:
    known = [one for one in evidence.of("provider.credit_hours") if number(one.value) is not None]
    newest = known[-1] if known else None
    return newest if newest and (now - newest.at).total_seconds() <= settings.max_age(newest.fact) else None
