"""What the gate must know of a target, from one look and what is remembered. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from outlive.model.host import Host
from outlive.model.verdict import Address, Name, Verdict
from outlive.model.watching import Enrolment
from outlive.recovery.gate import Circumstances, Target, Waiver

MACHINE, WHERE = "guest.machine_id", "address"
LOSS, KEPT, ORDER = "loss", "kept", "order"
WAIVABLE = (LOSS, KEPT, ORDER)


@dataclass(frozen=True, slots=True)
class Looked:
    """One look at everybody, at `at`: what is judged of the hosts, and as whom each address answers."""

    at: datetime
    hosts: Sequence[Verdict]
    addresses: Sequence[Address]


@dataclass(frozen=True, slots=True)
class Words:
    """What a person said: the target in their own words, and waivers by what is waived (`WAIVABLE`)."""

    named: Target | None = None
    waivers: Mapping[str, Waiver] = field(default_factory=dict)


def host_of(target: Target, hosts: Sequence[Host], looked: Looked) -> str:
    """Which of our hosts the target is said to be: by the provider's id, by who answers at its address, by its name; the
    name itself where it is none of ours."""
    by_id = [one.name for one in hosts if one.server_id == target.id]
    answers = [one.answers_as for one in looked.addresses if _is_at(one.address, target.address)]
    by_address = [one for one in answers if one in {host.name for host in hosts}]
    return next((name for name in (*by_address, *by_id) if name), target.hostname)


def circumstances(
    target: Target,
    host: str,
    looked: Looked,
    enrolments: Sequence[Enrolment],
    words: Words,
    restorable_until: datetime | None = None,
) -> Circumstances:
    """`enrolments` are the host's, oldest first. A machine whose place another one has taken, as enrolled, is judged by
    whether it still answers; the new one's answering is no reason to keep the old one, nor is the old one's silence a
    reason to destroy the new one."""
    verdict = next((one for one in looked.hosts if one.host == host), None)
    answering = tuple(one.address for one in looked.addresses if one.answers_as == host)
    was_asked = any(_is_at(one.address, target.address) for one in looked.addresses)
    serves = verdict is not None and verdict.name is Name.SAME_MACHINE_OK and verdict.confirmed
    is_replaced = serves and is_former(target, enrolments) and not any(_is_at(one, target.address) for one in answering)
    return Circumstances(
        named=words.named,
        seen_at=looked.at if was_asked else None,
        verdict=verdict.name if verdict else None,
        is_confirmed=verdict.confirmed if verdict else False,
        still_answers=() if is_replaced else answering,
        restorable_until=restorable_until,
        loss_accepted=words.waivers.get(LOSS),
        quarantine_waived=words.waivers.get(KEPT),
        replacement_serves=is_replaced,
        order_waived=words.waivers.get(ORDER),
    )


def is_former(target: Target, enrolments: Sequence[Enrolment]) -> bool:
    """Whether a machine at the target's address was enrolled once, and since then another machine, elsewhere."""
    if not enrolments:
        return False
    now = enrolments[-1].facts
    earlier = [one.facts for one in enrolments[:-1] if _has(one.facts, target.address)]
    return not _has(now, target.address) and any(one.get(MACHINE) not in (None, now.get(MACHINE)) for one in earlier)


def _has(facts: Mapping[str, object], address: str) -> bool:
    told = facts.get(WHERE)
    several = told if isinstance(told, list) else [told]
    return any(_is_at(str(one), address) for one in several)


def _is_at(where: str, address: str) -> bool:
    """`where` may have a port that is not SSH's own."""
    return (
        where == address
        or where.removeprefix("[").rpartition("]:")[0] == address
        or where.rpartition(":")[0] == address
    )
