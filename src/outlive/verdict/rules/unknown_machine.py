"""Where the host belongs, something answers with a host key that nobody enrolled, and no more is known of it.

It may be the host with a new key, the host reinstalled, a replacement, or a stranger who was lent the address after us:
addresses are handed out again within hours (research/watch.md 3.2, "IP reuse is real"). One changed key tells none of these
apart (3.3 rules 6 and 10), so none is claimed. That the provider says our server is elsewhere makes the stranger certain.
"""

from __future__ import annotations

from outlive.model.observation import Observation
from outlive.model.verdict import Name, Verdict
from outlive.verdict.case import Case
from outlive.verdict.finding import found, hands_off, missing, seen
from outlive.verdict.likeness import Kind
from outlive.verdict.servers import has_address
from outlive.verdict.sight import MACHINE_ID
from outlive.verdict.signs import DATA


def unknown_machine(case: Case) -> Verdict | None:
    if case.found or case.like.kind not in (Kind.KEY_ONLY, Kind.NEW_DISK) or case.board:
        return None
    place = case.main.place
    return found(
        case,
        Name.UNKNOWN_MACHINE,
        (*seen(case.like.changed), *_elsewhere(case)),
        against=(*seen(one for one in case.like.of(*DATA) if one.same), *seen(case.like.same)),
        missing=missing(case),
        advice=(
            f"read {MACHINE_ID} of the machine at {place} through the provider's console: the old one means a new key, "
            "another one a new disk",
            *(f"ask {home} too: it was not seen" for home in case.own if home != place),
        ),
        forbidden=(
            *hands_off(case),
            f"do not log in to {place} with a password and send no secrets there: it may be anybody's machine",
            f"do not point DNS at {place}",
        ),
    )


def _elsewhere(case: Case) -> tuple[Observation, ...]:
    """The provider's documents of our server that do not give it this address."""
    return tuple(one for one in case.documents if case.main.place in case.own and not has_address(one, case.main.place))
