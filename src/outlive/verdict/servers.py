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
    """The documents that are in force: of the newest listing. `ids`: which server each host was given."""

    documents: tuple[Observation, ...]
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
        hostnames = {*names, *(hostname(one) for one in self.of(host))} - {""}
        others = {identity(one) for other, documents in self.by_host.items() if other != host for one in documents}
        twins = (one for one in self.documents if hostname(one) in hostnames)
        return tuple({identity(one): one for one in twins if identity(one) not in own | others | {""}}.values())


def servers(evidence: Evidence, pins: Mapping[str, Pins], now: datetime, settings: Judging) -> Servers:
    recent = [
        one
        for one in evidence.of("provider.server")
        if one.error is None and (now - one.at).total_seconds() <= settings.max_age(one.fact)
    ]
    newest = {(one.witness, one.subject): one.at for one in recent}
    documents: dict[tuple[str, str, str], Observation] = {}
    for one in recent:
        if one.at >= newest[one.witness, one.subject] - _LISTING:
            documents[one.witness, one.subject, identity(one)] = one
    owners = Owners(evidence, pins)
    by_host: dict[str, list[Observation]] = {}
    for one in documents.values():
        if host := owners.of(one):
            by_host.setdefault(host, []).append(one)
    ids = {host: frozenset(_given_ids(evidence, host, pinned)) for host, pinned in pins.items()}
    ordered = {
        host: tuple(sorted(own, key=lambda one: identity(one) not in ids[host])) for host, own in by_host.items()
    }
    return Servers(tuple(documents.values()), ordered, ids, _credit(evidence, now, settings))


def identity(one: Observation) -> str:
    found = field(one, "id")
    return "" if found is None else text(found)


def hostname(one: Observation) -> str:
    found = field(one, "hostname")
    return found if isinstance(found, str) else ""


def has_address(one: Observation, at: str) -> bool:
    return at in {address(listed_one) for listed_one in listed(field(one, "addresses"))}


def is_running(one: Observation) -> bool:
    """Whether the provider says that it runs. Words that nobody knows count as "no": they are news."""
    states = {str(field(one, key) or "").strip().lower() for key in ("state", "power")}
    return states <= _RUNNING | _PASSING


def _given_ids(evidence: Evidence, host: str, pins: Pins) -> Iterable[str]:
    """From the enrolment, else from the state, else the first id that the provider ever listed for the host."""
    if pinned := server_ids(pins):
        return pinned
    for fact, key in (("tofu.state", "server_id"), ("provider.server", "id")):
        found = [text(field(one, key)) for one in evidence.of(fact) if one.subject == host and field(one, key)]
        if found:
            return found[:1]
    return ()


def _credit(evidence: Evidence, now: datetime, settings: Judging) -> Observation | None:
    known = [one for one in evidence.of("provider.credit_hours") if number(one.value) is not None]
    newest = known[-1] if known else None
    return newest if newest and (now - newest.at).total_seconds() <= settings.max_age(newest.fact) else None
