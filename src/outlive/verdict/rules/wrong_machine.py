"""The address at which the host belongs answers as another of our hosts.

Two addresses were swapped, or a name, a secret or a person leads to the wrong one. Whatever is done "to the host" there is
done to another machine: in the outage, most likely, preview was looked at and production destroyed
(research/incident-and-provider.md 5.3, A1; research/watch.md 3.3 rule 5). The host key is believed over every label.

While the host itself answers where it belongs, another address that was given for it and is another machine's does not
change the host's verdict: it stands in the list of addresses, and the host is not to be touched there.
"""

from __future__ import annotations

from collections.abc import Iterator

from outlive.model.observation import Observation
from outlive.model.verdict import Name, Verdict
from outlive.verdict.case import Case
from outlive.verdict.finding import found, hands_off, missing, seen
from outlive.verdict.ledger import PROVIDER
from outlive.verdict.scene import UNKNOWN
from outlive.verdict.servers import has_address


def wrong_machine(case: Case) -> Verdict | None:
    if case.at_home:
        return None
    wrong = case.others_at(case.own) or _nothing_but_others(case)
    if not wrong:
        return None
    places = "; ".join(f"{place} answers as {other}" for place, other in sorted(wrong.items()))
    moved = (
        f"{case.host} itself answers at {', '.join(case.found)}" if case.found else f"where {case.host} is, nobody saw"
    )
    return found(
        case,
        Name.WRONG_MACHINE,
        _proof(case, wrong),
        missing=() if case.found else missing(case),
        advice=(
            f"{places}; {moved}",
            "put the addresses right (DNS, provider, CI secret) before anything else is done",
        ),
        forbidden=(
            *(f"do not act on {place} as {case.host}: it is {other}" for place, other in sorted(wrong.items())),
            *hands_off(case),
        ),
    )


def _nothing_but_others(case: Case) -> dict[str, str]:
    """No own address answers, nor any other as the host; and somewhere that is given for it another host does."""
    answers = case.scene.answers
    if case.found or any(answers.get(place) == UNKNOWN for place in (*case.own, *case.told)):
        return {}
    return case.others_at(tuple(place for place in case.told if _is_still_told(case, place)))


def _is_still_told(case: Case, place: str) -> bool:
    """Not only by a document of the provider that a newer one has replaced (an address that was lent and given back)."""
    by_others = case.scene.ledger.tellers(case.host, place) - {PROVIDER}
    return bool(by_others) or any(has_address(one, place) for one in case.documents) or not case.documents


def _proof(case: Case, wrong: dict[str, str]) -> Iterator[Observation]:
    for place, other in sorted(wrong.items()):
        yield from seen(case.scene.likeness_at(other, place).same)
        yield from (one for one in case.scene.servers.of(other) if has_address(one, place))
    for place in case.found:
        yield from seen(case.scene.likeness_at(case.host, place).same)
