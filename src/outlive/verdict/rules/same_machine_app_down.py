"""The machine is ours and alive; its service is not.

Errors of the service say nothing about the machine below it, and the more a service fails the more people suspect the
machine. So the machine is identified first (host key, machine-id; at the least a valid certificate at its own address), and
then the failure is named: pages refused or answered with a server's error, a port that closed, a container that died or is
restarted again and again (research/watch.md 3.3 rule 1, 2.2).
"""

from __future__ import annotations

from outlive.model.observation import Observation
from outlive.model.verdict import Name, Verdict
from outlive.verdict.case import Case
from outlive.verdict.evidence import field
from outlive.verdict.finding import found, hands_off, missing, seen
from outlive.verdict.servers import has_address
from outlive.verdict.words import clock

_APPLIED = ("tofu apply", "tofu taint", "reboot")


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


def ask_first(case: Case) -> tuple[str, ...]:
    """What to do before anything else: where only a certificate or the database speaks for it, or where somebody has
    changed the infrastructure since it was looked at."""
    newest = max((one.at for one in case.main.now.values()), default=case.now)
    since = [one for one in case.scene.evidence.of("action") if one.at > newest and field(one, "what") in _APPLIED]
    look_again = tuple(
        f"look again first: somebody has since done {field(one, 'what')} ({clock(one.at)})" for one in since
    )
    if case.found:
        return look_again
    unsure = f"ask {case.main.place} for its SSH host key first: nothing else tells for sure which machine it is"
    return (*look_again, unsure)


def listed_here(case: Case) -> tuple[Observation, ...]:
    """The provider's documents, where they too say that the host's server is at this address."""
    is_listed = case.scene.servers.is_same(case.host)
    return tuple(one for one in case.documents if is_listed and has_address(one, case.main.place))


def service_fails(case: Case, name: Name, advice: tuple[str, ...]) -> Verdict:
    return found(
        case,
        name,
        (*case.health.bad, *case.health.hints, *seen(case.like.same), *case.vouchers, *listed_here(case)),
        against=seen(case.like.changed),
        missing=missing(case),
        advice=(*ask_first(case), *advice),
        forbidden=hands_off(case),
        sure=case.health.is_sure,
    )
