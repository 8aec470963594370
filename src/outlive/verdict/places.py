"""At which place each observation was made: an address of the ledger, or a host by name. Pure.

A page or a certificate is asked for by name: which machine answered is known from the address that the connection had,
else from where the name led at that time. Where neither is known it says nothing about any of several hosts; with a single
one it is taken as asked where that host belongs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from outlive.model.observation import Channel, Observation
from outlive.verdict.evidence import Evidence, field
from outlive.verdict.ledger import Ledger
from outlive.verdict.pins import Pins
from outlive.verdict.routes import Routes
from outlive.verdict.subjects import address, bare

# What is about nobody's machine, or is read by fact.
_ELSEWHERE = ("dns.", "provider.", "tofu.", "ci.", "enrolled", "maintenance", "self", "action", "claim", "log.settled")

_OF_A_MACHINE = ("ssh.", "guest.", "tcp.", "tls.", "http.")


def places(
    evidence: Evidence, pins: Mapping[str, Pins], ledger: Ledger, routes: Routes
) -> dict[str, list[Observation]]:
    """Oldest first at each place. A host's name is the place of what was said of it by name."""
    found: dict[str, list[Observation]] = {}
    homes = {host: own[0] for host in pins if len(own := ledger.own(host)) == 1}
    only = next(iter(pins)) if len(pins) == 1 else None
    for one in evidence.all:
        if _is_elsewhere(one.fact):
            continue
        place = _place(one, pins, ledger, routes, homes)
        if place is None and only is not None:
            place = homes.get(only, only) if _is_asked_by_name(one) else only
        if place is not None:
            found.setdefault(place, []).append(one)
    return found


def _is_asked_by_name(one: Observation) -> bool:
    """A page or certificate that was asked for from outside, and nobody knows where its name led."""
    return one.fact.startswith(("http.", "tls.")) and one.channel is Channel.OUTSIDE


@lru_cache(1024)
def _is_elsewhere(fact: str) -> bool:
    return fact.startswith(_ELSEWHERE)


def _place(
    one: Observation, pins: Mapping[str, Pins], ledger: Ledger, routes: Routes, homes: Mapping[str, str]
) -> str | None:
    connected = address(str(field(one, "remote_address"))) or address(one.subject)
    if connected is not None:
        return ledger.entry(connected if field(one, "remote_address") else one.subject)
    if one.subject in pins:
        return homes.get(one.subject, one.subject) if one.fact.startswith(_OF_A_MACHINE) else one.subject
    name = bare(one.subject)
    return _resolved(routes.at(name, one.at), ledger) or ledger.entry(name) or _of_host(name, pins, homes)


def _resolved(answer: Sequence[str], ledger: Ledger) -> str | None:
    """One of several addresses only when they are all the same host's: then it does not matter which."""
    if len(answer) == 1 or (answer and len({ledger.hosts_at(at) for at in answer}) == 1 and ledger.hosts_at(answer[0])):
        return ledger.entry(answer[0])
    return None


def _of_host(name: str, pins: Mapping[str, Pins], homes: Mapping[str, str]) -> str | None:
    """`web-1.example.org` is `web-1`, as far as nobody says otherwise."""
    return next((homes.get(host, host) for host in pins if name == host or name.startswith(f"{host}.")), None)
