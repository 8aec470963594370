"""Two channels say different things of one host.

Shown as they are: "the provider says .16, DNS says .38, and .38 answers as preview" (research/incident-and-provider.md 6.2
(4)). The machine's own key is believed over every document about it.
"""

from __future__ import annotations

from collections.abc import Iterator

from outlive.model.observation import Observation
from outlive.verdict.case import Case
from outlive.verdict.contradictions.model import Contradiction
from outlive.verdict.evidence import field, text
from outlive.verdict.finding import seen
from outlive.verdict.hearing import Hearing
from outlive.verdict.ledger import listed
from outlive.verdict.servers import identity, is_running
from outlive.verdict.sight import Answer
from outlive.verdict.subjects import address


def channels_disagree(hearing: Hearing) -> Iterator[Contradiction]:
    case = hearing.case
    yield from _switched_off(case)
    yield from _another_server(case)
    yield from _another_address(case)
    yield from _documents_differ(case)
    yield from _others(case)
    for first, second in case.main.conflicts:
        why = "two witnesses saw two values at the same time: two machines share the address, or one of them erred"
        yield Contradiction(f"{first.fact} at {case.main.place} is {text(first.value)}", (first, second), why)


def _switched_off(case: Case) -> Iterator[Contradiction]:
    if case.main.answer is Answer.ANSWERS and (case.found or case.is_vouched):
        for one in case.documents:
            if not is_running(one):
                why = f"the machine at {case.main.place} answers: the provider's document is wrong or old"
                yield Contradiction(f"the provider says that {case.host} does not run", (one, *_machine(case)), why)


def _another_server(case: Case) -> Iterator[Contradiction]:
    if case.found and case.scene.servers.is_same(case.host) is False:
        why = f"the machine at {case.main.place} is still the one that was enrolled, whatever number the provider gives it"
        claim = f"the provider lists another server for {case.host}"
        yield Contradiction(claim, (*case.documents, *_machine(case)), why)


def _another_address(case: Case) -> Iterator[Contradiction]:
    """What the provider, the state or a secret gives, where the host was found elsewhere."""
    scene = case.scene
    given = (*case.documents, *_newest(case, "tofu.state"), *_newest(case, "ci.secret"))
    for one in given if case.found else ():
        addresses = [at for key in ("addresses", "address") for at in listed(field(one, key))]
        entries = {scene.ledger.entry(at) for at in addresses if address(at)}
        if entries and not entries & set(case.found):
            why = f"{case.host} answers at {', '.join(case.found)}, by its own key"
            yield Contradiction(f"{one.fact} gives {', '.join(addresses)} for {case.host}", (one, *_machine(case)), why)


def _documents_differ(case: Case) -> Iterator[Contradiction]:
    """One server, two addresses: a dashboard, an API and a state that were read at different times or by eye."""
    by_address: dict[frozenset[str], Observation] = {}
    for one in (*case.documents, *_newest(case, "tofu.state")):
        addresses = frozenset(filter(None, map(address, listed(field(one, "addresses")))))
        if addresses and (identity(one) or text(field(one, "server_id"))) in case.scene.servers.ids.get(case.host, ()):
            by_address.setdefault(addresses, one)
    if len(by_address) > 1 and not frozenset.intersection(*by_address):
        said = " and ".join(f"{', '.join(sorted(at))} ({one.witness})" for at, one in by_address.items())
        why = "the documents disagree: read id and address in one answer of the API, and ask both addresses"
        yield Contradiction(f"{case.host}'s server is at {said}", tuple(by_address.values()), why)


def _others(case: Case) -> Iterator[Contradiction]:
    """Addresses that were given for the host and are other machines of ours."""
    for place, other in case.others_at(case.told).items():
        tellers = ", ".join(case.scene.ledger.told_by(place))
        proof = seen(case.scene.likeness_at(other, place).same)
        yield Contradiction(f"{place} is {case.host} ({tellers})", proof, f"{place} answers as {other}")


def _machine(case: Case) -> tuple[Observation, ...]:
    return (*seen(case.like.same), *case.vouchers)[:2]


def _newest(case: Case, fact: str) -> tuple[Observation, ...]:
    own = [one for one in case.scene.evidence.of(fact) if one.subject == case.host and one.error is None]
    return tuple(own[-1:])
