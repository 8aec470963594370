"""Two servers go by the host's name.

An apply in the wrong workspace, or a recreate that dropped the old one from the state, leaves a second server with the same
hostname; a dashboard shows names, and somebody deletes the wrong one (research/incident-and-provider.md 5.3, A2). A name is
never an identity: the id and the address are. Two names in the provider's list are one channel; confirmed when the machine
itself was seen to be the one and the other listed, or when both insides say the same name.
"""

from __future__ import annotations

from collections.abc import Iterator

from outlive.model.observation import Observation
from outlive.model.verdict import Name, Verdict
from outlive.verdict.case import Case
from outlive.verdict.evidence import text
from outlive.verdict.finding import found, hands_off, missing, seen, whereabouts
from outlive.verdict.ledger import listed
from outlive.verdict.servers import identity

HOSTNAME = "guest.hostname"


def duplicate(case: Case) -> Verdict | None:
    twins = tuple(_twins(case))
    if not twins:
        return None
    which = ", ".join(dict.fromkeys(_named(one) for one in twins))
    return found(
        case,
        Name.DUPLICATE,
        (*twins, *case.documents, *case.main.values(HOSTNAME), *seen(case.like.same)),
        against=seen(case.like.changed),
        missing=(
            *missing(case),
            *(f"ssh.host_key at {at}" for at in _unasked(case, twins)),
            *(() if case.found else whereabouts(case)),
        ),
        advice=(
            f"besides {case.host} there is {which}: find out what it is, by its own host key and "
            "disk, before anybody touches either",
            "give it another name, or remove it when it is known to hold nothing",
        ),
        forbidden=(
            f"do not destroy anything by the name {case.host!r}: name the id, the address and the host key",
            *(f"do not take {_named(one)} for {case.host}" for one in twins),
            *(() if case.found else hands_off(case)),
        ),
    )


def _twins(case: Case) -> Iterator[Observation]:
    names = (case.host, *map(text, case.pins.known(HOSTNAME)), *(text(one.value) for one in case.main.values(HOSTNAME)))
    yield from case.scene.servers.twins(case.host, names)
    for place, answer in case.scene.answers.items():
        if answer == "unknown" and place not in (*case.own, case.host, case.main.place):
            yield from (one for one in case.scene.sight(place).values(HOSTNAME) if text(one.value) in names)


def _named(one: Observation) -> str:
    if one.fact == HOSTNAME:
        return f"the machine at {one.subject}"
    addresses = ", ".join(_addresses(one)) or "no address"
    return f"server {identity(one)} ({addresses})"


def _addresses(one: Observation) -> tuple[str, ...]:
    value = one.value.get("addresses") if isinstance(one.value, dict) else None
    return listed(value)


def _unasked(case: Case, twins: tuple[Observation, ...]) -> Iterator[str]:
    return (at for one in twins for at in _addresses(one) if case.scene.answers.get(at) is None)
