"""Another machine stands in the host's place: disk and hardware are not the ones that were enrolled.

The outage's postmortem wrote "confirmed" here, on a dashboard's address and a rejected key. Neither is evidence: an
address is lent, not owned, and a key is rejected by every machine that never had it (research/watch.md 0). What counts:
the disk's secrets changed (host key, machine-id, engine id) and the hardware did (DMI uuid; where the guest could not be
asked, the provider's own id of the server), seen by two channels. The machine may be at the old address or at one that the
provider names for the same host while the old one is silent; at one that only a person or DNS names, it proves nothing.

Where the hardware is not known, this and a reinstall look the same: it is named, not confirmed. As long as the enrolled
machine answers anywhere, nothing was replaced.
"""

from __future__ import annotations

from outlive.model.observation import Observation
from outlive.model.verdict import Name, Verdict
from outlive.verdict.case import Case
from outlive.verdict.finding import found, missing, seen
from outlive.verdict.likeness import Kind
from outlive.verdict.servers import has_address
from outlive.verdict.sight import DMI, Answer
from outlive.verdict.signs import WEAK


def machine_replaced(case: Case) -> Verdict | None:
    if not is_new(case) or case.hardware:
        return None
    proof = (*seen(case.like.changed), *seen(case.like.new_data), *_other_server(case), *_weak(case))
    return found(
        case,
        Name.MACHINE_REPLACED,
        proof,
        against=seen(one for one in case.like.same if one.fact != DMI),
        missing=missing(case),
        advice=after_loss(case),
        forbidden=keep_copies(case),
        sure=case.hardware is False,
    )


def is_new(case: Case) -> bool:
    """Whether what stands in the host's place has another disk. A new host key alone says so only together with the
    provider, who lists another server there."""
    if case.found or not _is_its_place(case):
        return False
    if case.like.kind is Kind.NEW_DISK:
        return True
    return case.like.kind is Kind.KEY_ONLY and not case.board and bool(_other_server(case))


def after_loss(case: Case) -> tuple[str, ...]:
    return (
        f"what answers at {case.main.place} does not have {case.host}'s disk: recover onto it, or onto a new machine, "
        "from the newest copy (`outlive recover`)",
        "ask the provider in writing what happened to the server, and whether the old disk still exists",
        "when the new machine is meant, enrol it (`outlive identity --enrol`)",
    )


def keep_copies(case: Case) -> tuple[str, ...]:
    return (
        f"do not prune copies of {case.host}: those of the old disk may be the only ones",
        f"do not accept the new host key at {case.main.place} unseen, and send no secrets there before "
        "the machine is enrolled",
    )


def _is_its_place(case: Case) -> bool:
    """Its own address; or one that the provider names for it, while its own was asked and is silent."""
    if case.main.place in (*case.own, case.host):
        return True
    silent = all(case.scene.sight(place).answer is Answer.SILENT for place in case.own)
    return silent and any(has_address(one, case.main.place) for one in case.documents)


def _other_server(case: Case) -> tuple[Observation, ...]:
    return case.documents if case.scene.servers.is_same(case.host) is False else ()


def _weak(case: Case) -> tuple[Observation, ...]:
    """What a shared image would have left the same, and is another: it adds to what the disk says."""
    return seen(one for one in case.like.of(*WEAK) if not one.same and one.fact == "guest.root_fs_uuid")
