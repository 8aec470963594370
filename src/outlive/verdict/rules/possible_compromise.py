"""The machine is ours and serves; what its services log looks like somebody else's work.

A log proves no intrusion: a library may ask the metadata service, a developer may print the environment. So it is never
confirmed, and it comes after what users feel: where the service fails as well, that is the verdict, and this is told with
it. It stands for a day after the newest sign, because who is inside does not have to write a line every hour.
"""

from __future__ import annotations

from outlive.model.verdict import Name, Verdict
from outlive.verdict.case import Case
from outlive.verdict.finding import found, missing, seen
from outlive.verdict.rules.same_machine_app_down import ask_first, is_ours


def possible_compromise(case: Case) -> Verdict | None:
    signs = case.health.compromise
    if not is_ours(case) or not signs:
        return None
    return found(
        case,
        Name.POSSIBLE_COMPROMISE,
        (*signs, *seen(case.like.same), *case.vouchers),
        against=seen(case.like.changed),
        missing=(*missing(case), f"who did it: the processes on {case.host}, and what its services do that can log so"),
        advice=(*ask_first(case), *case.health.notes),
        forbidden=(
            f"do not delete or reinstall {case.host}, nor restart what logged it, before its logs and disk are kept: "
            "they are the only evidence",
        ),
        sure=False,
    )
