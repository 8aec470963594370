"""The same disk with a new host key: nothing is lost, and nothing must be recovered.

When the metadata service is away during a reboot, cloud-init takes it for a first boot and makes new host keys
(canonical/cloud-init#6270, #3753, #2742). Every tool that pins keys cries "replaced" or "attacked" then, and people destroy
good machines. The machine-id, Docker's engine id, our marker or the boot-id say that the disk is the old one
(research/watch.md 3.3 rule 3). A person accepts the new key; we do not.

With nothing known but that the hardware is the same, a reinstall is not excluded: it is named, not confirmed.
"""

from __future__ import annotations

from outlive.model.verdict import Name, Verdict
from outlive.verdict.case import Case
from outlive.verdict.finding import found, hands_off, missing, seen
from outlive.verdict.likeness import Kind
from outlive.verdict.sight import HOST_KEY


def rekeyed(case: Case) -> Verdict | None:
    by_hardware = case.like.kind is Kind.KEY_ONLY and bool(case.board) and not case.found
    if not (case.at_home and case.like.kind is Kind.REKEYED) and not by_hardware:
        return None
    return found(
        case,
        Name.REKEYED,
        (*seen(case.like.of(HOST_KEY)), *seen(case.like.same if by_hardware else case.like.same_disk)),
        against=seen(one for one in case.like.changed if one.fact != HOST_KEY),
        missing=missing(case),
        advice=(
            f"compare the new host key at {case.main.place} with what the provider's console shows, then enrol it "
            "(`outlive identity --enrol`)",
            "look into cloud-init's log: a metadata service that was away makes it take a reboot for a first boot",
        ),
        forbidden=(
            *hands_off(case),
            f"do not recover {case.host}: its disk is still the same",
            f"do not accept the new host key at {case.main.place} without comparing it",
        ),
        sure=not by_hardware,
    )
