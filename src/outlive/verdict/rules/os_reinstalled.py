"""The same server with a new disk image: the provider's "rebuild", or an apply that wiped it.

A reinstall keeps the provider's id, the addresses and the hardware, and replaces everything on the disk
(research/watch.md 3.2 column Rb). OpenTofu calls it "No changes", or an update in place: with `allow_reinstall` a changed
key, image or user data wipes the disk in an apply that says "0 to destroy" (research/incident-and-provider.md 4.3). So the
provider's document is never heard against it: that the server's id stayed only tells it from a replacement, and confirms
that only where the guest's own hardware was never known.
"""

from __future__ import annotations

from outlive.model.verdict import Name, Verdict
from outlive.verdict.case import Case
from outlive.verdict.finding import found, missing, seen
from outlive.verdict.rules.machine_replaced import after_loss, is_new, keep_copies
from outlive.verdict.sight import DMI


def os_reinstalled(case: Case) -> Verdict | None:
    if not is_new(case) or not case.hardware:
        return None
    changed = (*seen(case.like.changed), *seen(case.like.new_data))
    return found(
        case,
        Name.OS_REINSTALLED,
        changed,
        against=seen(one for one in case.like.same if one.fact != DMI),
        missing=missing(case),
        advice=after_loss(case),
        forbidden=keep_copies(case),
        sure=case.board is True or not case.was_known(DMI),
    )
