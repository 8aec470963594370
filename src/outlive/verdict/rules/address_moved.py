"""The host is whole, at another address.

Its own address is silent or somebody else's, and another one answers with the enrolled identity. Nothing is lost; DNS,
secrets and state have to follow (research/incident-and-provider.md 6.2). An OpenTofu plan shows such a move only where an
output uses the address, and hides it behind "No changes" elsewhere (4.3), so it is neither asked nor heard here.
"""

from __future__ import annotations

from outlive.model.verdict import Name, Verdict
from outlive.verdict.case import Case
from outlive.verdict.finding import found, hands_off, missing, seen
from outlive.verdict.likeness import Kind
from outlive.verdict.servers import has_address
from outlive.verdict.sight import Answer


def address_moved(case: Case) -> Verdict | None:
    if not case.found or case.at_home or not case.own:
        return None
    place = case.main.place
    return found(
        case,
        Name.ADDRESS_MOVED,
        (*seen(case.like.same), *(one for one in case.documents if has_address(one, place))),
        against=seen(case.like.changed),
        missing=missing(case),
        advice=(
            f"{case.host} answers at {place}, not at {', '.join(case.own)}: bring DNS, the CI secret and the state "
            "after it, then enrol the new address",
        ),
        sure=_left(case),
        forbidden=(*hands_off(case), f"do not act on {', '.join(case.own)} as {case.host}: it is not there"),
    )


def _left(case: Case) -> bool:
    """Whether it is known that the host is no longer where it belonged: else it may have two addresses, or a copy."""
    at_home = any(has_address(one, home) for one in case.documents for home in case.own)
    is_listed = any(has_address(one, case.main.place) for one in case.documents)
    return not at_home and (is_listed or all(_is_not_at(case, home) for home in case.own))


def _is_not_at(case: Case, home: str) -> bool:
    if case.scene.sight(home).answer is Answer.SILENT or case.others_at((home,)):
        return True
    return case.scene.likeness_at(case.host, home).kind in (Kind.KEY_ONLY, Kind.NEW_DISK)
