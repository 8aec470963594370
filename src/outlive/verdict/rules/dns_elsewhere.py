"""The machine is well; its name leads somewhere else.

Users go where DNS leads, and so does everybody who diagnoses by name: after the outage's DNS change, people looked at
another machine and saw "no certificate" (research/watch.md 3.3 rule 7). Therefore the old address goes on being asked. A
name that stood for other addresses when the host was enrolled (a proxy, a CDN) is as it was.
"""

from __future__ import annotations

from collections.abc import Iterator

from outlive.model.observation import Observation
from outlive.model.verdict import Name, Verdict
from outlive.verdict.case import Case
from outlive.verdict.evidence import texts
from outlive.verdict.finding import found, missing, seen
from outlive.verdict.ledger import PROVIDER
from outlive.verdict.subjects import address, bare


def dns_elsewhere(case: Case) -> Verdict | None:
    if not (case.found or case.is_vouched):
        return None
    astray = tuple(_astray(case))
    if not astray:
        return None
    names = ", ".join(dict.fromkeys(one.subject for one in astray))
    where = ", ".join(dict.fromkeys(at for one in astray for at in texts(one.value)))
    return found(
        case,
        Name.DNS_ELSEWHERE,
        (*astray, *seen(case.like.same), *case.vouchers),
        against=seen(case.like.changed),
        missing=missing(case),
        advice=(
            f"{names} leads to {where}, {case.host} answers at {case.main.place}: find out who changed "
            "the record, and put it back",
            "renew the domain if it ran out, and see who may change its records",
        ),
        forbidden=(
            f"do not judge {case.host} by what answers at {where}",
            f"do not destroy, taint or reinstall {case.host}: the machine at {case.main.place} still answers",
        ),
    )


def _astray(case: Case) -> Iterator[Observation]:
    """The newest answers on the host's names, where none of them gives one of its addresses."""
    ours = {*case.own, *case.found, *case.scene.ledger.by(case.host, PROVIDER), case.main.place}
    pinned = set(map(str, case.pins.known("dns.addresses")))
    for name in case.scene.ledger.links.names_of(case.host):
        newest = _newest(case, name)
        answers = {address(at) for one in newest for at in texts(one.value)}
        if newest and not answers & (ours | pinned):
            yield from newest


def _newest(case: Case, name: str) -> tuple[Observation, ...]:
    """Of each authority that was asked lately."""
    max_age = case.scene.settings.max_age("dns.addresses")
    of_name = (
        one for one in case.scene.evidence.of("dns.addresses") if bare(one.subject) == name and one.error is None
    )
    return tuple({one.witness: one for one in of_name if (case.now - one.at).total_seconds() <= max_age}.values())
