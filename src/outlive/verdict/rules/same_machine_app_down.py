"""The machine is ours and alive; its service is not.

Errors of the service say nothing about the machine below it, and the more a service fails the more people suspect the
machine. So the machine is identified first (host key, machine-id; at the least a valid certificate at its own address), and
then the failure is named: pages refused or answered with a server's error, a port that closed, a container that died or is
restarted again and again (research/watch.md 3.3 rule 1, 2.2).
"""

from __future__ import annotations

from outlive.model.verdict import Name, Verdict
from outlive.verdict.case import Case
from outlive.verdict.finding import found, hands_off, missing, seen


def same_machine_app_down(case: Case) -> Verdict | None:
    if not is_ours(case) or not case.health.is_down:
        return None
    return service_fails(
        case,
        Name.SAME_MACHINE_APP_DOWN,
        (
            f"the service on {case.host} fails, not the machine: read the log of what does not answer, then start it again",
            *case.health.notes,
        ),
    )


def is_ours(case: Case) -> bool:
    """It answers as the host, or at least nothing says that it is another: `case.is_vouched`."""
    return bool(case.found) or case.is_vouched


def service_fails(case: Case, name: Name, advice: tuple[str, ...]) -> Verdict:
    return found(
        case,
        name,
        (*case.health.bad, *case.health.hints, *seen(case.like.same), *case.vouchers),
        against=seen(case.like.changed),
        missing=missing(case),
        advice=advice,
        forbidden=hands_off(case),
    )
