"""How a rule turns what it found into a verdict, and when that is confirmed. Pure.

Confirmed is earned: two independent channels must carry the verdict, the host must have been enrolled, and nothing
strong may speak against it. An error is no data, a person's word is a claim, so neither carries anything. The provider's
API and OpenTofu are one channel.

Less evidence makes no verdict surer, as far as the evidence speaks for it; and whatever is left out, no loss becomes certain
that was not (tests/verdict/test_properties.py). More cannot hold, whatever the rules: without what speaks against a verdict
nothing speaks against it, without a newer word the older one stands, and who did not look at the page saw no fault in it. So
`same_machine_ok` may be confirmed for want of a look, and `missing` says which looks those are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from outlive.model.observation import Channel, Observation
from outlive.model.verdict import Name, Verdict
from outlive.verdict.case import Case, serves_valid_certificate
from outlive.verdict.evidence import channel
from outlive.verdict.scene import UNKNOWN
from outlive.verdict.sight import DMI, HOST_KEY, MACHINE_ID, Answer
from outlive.verdict.signs import MARKER, SYSTEM_ID, Sign

_TELLING = (HOST_KEY, MACHINE_ID, DMI, "guest.boot_id", "guest.docker_engine_id", MARKER, SYSTEM_ID)
_ALWAYS = (HOST_KEY, MACHINE_ID, DMI)  # missed also where nobody pinned them


def found(
    case: Case,
    name: Name,
    proof: Iterable[Observation],
    *,
    against: Iterable[Observation] = (),
    missing: Iterable[str] = (),
    advice: Iterable[str] = (),
    forbidden: Iterable[str] = (),
    sure: bool = True,
) -> Verdict:
    """`proof`: the observations that carry the verdict. `sure=False`: it is never confirmed, whoever says it."""
    carried, contrary = unique(proof), unique(against)
    return Verdict(
        host=case.host,
        name=name,
        confirmed=sure and _is_identified(case) and not contrary and is_independent(_of_now(case, carried)),
        in_favour=carried,
        against=contrary,
        missing=tuple(dict.fromkeys(missing)),
        advice=tuple(dict.fromkeys(advice)),
        forbidden=tuple(dict.fromkeys(forbidden)),
    )


def _is_identified(case: Case) -> bool:
    """Nothing is confirmed of a host that nobody enrolled, nor of one for which only a certificate speaks."""
    return case.is_enrolled and not case.is_vouched


def is_independent(observations: Iterable[Observation]) -> bool:
    """Whether at least two channels, that cannot be wrong together, say it."""
    channels = {channel(one) for one in observations if one.error is None}
    return len(channels - {Channel.PERSON}) >= 2


def _of_now(case: Case, observations: Iterable[Observation]) -> list[Observation]:
    """Those that were seen together with the newest look at the host."""
    newest = max((one.at for one in case.main.now.values()), default=case.now)
    together = timedelta(seconds=case.scene.settings.together_seconds)
    return [one for one in observations if one.at >= newest - together]


def unique(observations: Iterable[Observation]) -> tuple[Observation, ...]:
    """In the order given, each once."""
    return tuple({id(one): one for one in observations}.values())


def seen(signs: Iterable[Sign]) -> tuple[Observation, ...]:
    return tuple(one.now for one in signs)


def missing(case: Case, *facts: str) -> tuple[str, ...]:
    """What nobody saw of the machine, and would make it surer: these facts, or else all that tell machines apart."""
    wanted = facts or tuple(fact for fact in _TELLING if fact in _ALWAYS or case.pins.known(fact))
    place = case.own[0] if case.own and not case.found else case.main.place
    unseen = (f"{fact} at {place}{_why(case, fact)}" for fact in wanted if case.main.value(fact) is None)
    if case.is_enrolled:
        return tuple(unseen)
    return (f"an enrolment of {case.host}: nothing was pinned, so nothing about it can be confirmed", *unseen)


def _why(case: Case, fact: str) -> str:
    tried = next((one.error for one in case.main.all(fact) if one.error), None)
    return f" ({tried})" if tried else ""


def whereabouts(case: Case) -> Iterator[str]:
    """What would tell a move or a replacement from silence. Who answers at an address that only people or names gave may
    be anybody; that it is the host's server now is known from the provider alone (rules/machine_replaced.py)."""
    host, ledger, answers = case.host, case.scene.ledger, case.scene.answers
    others = [at for at in case.told if at not in (*case.own, host)]
    for at in (one for one in others if answers.get(one) == UNKNOWN):
        told = ", ".join(ledger.told_by(at))
        yield f"provider.server of {host}: is its server at {at} now (told by {told})? Another machine answers there"
    if not others and not case.documents:
        yield f"any other address of {host}: once told (`outlive identity {host} --address ADDRESS`) it is asked too"


def hands_off(case: Case) -> tuple[str, ...]:
    """Why nothing may be destroyed yet, with the address at which the machine may still stand."""
    server = _server(case)
    if case.found:
        places = " and ".join(case.found)
        return (
            f"do not destroy, taint or reinstall {server}: the machine at {places} still answers as {case.host}",
            *_not_here(case),
        )
    if case.is_vouched:
        held = "a valid certificate" if any(map(serves_valid_certificate, case.vouchers)) else "the same database"
        return (
            f"do not destroy, taint or reinstall {server}: what answers at {case.main.place} still holds {held}, which a "
            "machine set up anew would not; find out which machine it is first",
            *_not_here(case),
        )
    home = " or ".join(case.own) or "its last known address"
    silent = any(case.scene.sight(at).answer is Answer.SILENT for at in (*case.own, case.host))
    state = "is silent" if silent else "was not asked lately"
    return (
        f"do not destroy, taint or reinstall {server}: {home} {state}, and silence is no proof of loss; "
        "what is there may be the only copy of the data",
        *_not_here(case),
    )


def _not_here(case: Case) -> tuple[str, ...]:
    """The addresses that were given for the host, and at which nobody has seen it."""
    answers = case.scene.answers
    given = (at for at in case.told if at not in (*case.own, *case.found))
    strangers = (at for at in given if answers.get(at) not in (None, case.host))
    return tuple(f"do not act on {at} as {case.host}: nobody has shown that it is {case.host}" for at in strangers)


def _server(case: Case) -> str:
    ids = sorted(case.scene.servers.ids.get(case.host, ()))
    return f"{case.host} (server {', '.join(ids)})" if ids else case.host
