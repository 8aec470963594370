"""What the evidence comes to: verdicts, contradictions, hypotheses, open questions. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from outlive.incidents.case import Case
from outlive.incidents.markdown import bullets, plain
from outlive.model.observation import Observation
from outlive.model.verdict import MEANING, Verdict
from outlive.verdict.words import sentence


def verdicts(case: Case) -> Iterator[str]:
    if not case.judgement.hosts:
        yield "No host is named in the evidence: nothing can be told of any."
    for one in case.judgement.hosts:
        yield from _verdict(case, one)


def _verdict(case: Case, one: Verdict) -> Iterator[str]:
    sure = "confirmed by independent channels" if one.confirmed else "**not confirmed**"
    yield f"### {plain(one.host)}: `{one.name}`"
    yield ""
    yield f"{MEANING[one.name].capitalize()} ({sure}{', as announced' if one.accepted else ''})."
    for title, seen in (("For", one.in_favour), ("Against", one.against)):
        yield ""
        yield f"{title}:"
        yield ""
        yield from bullets((_seen(case, each) for each in seen), "- nothing")
    for title, lines in (
        ("Missing", one.missing),
        ("What may safely be done", one.advice),
        ("What must not be done", one.forbidden),
    ):
        if lines:
            yield ""
            yield f"{title}:"
            yield ""
            yield from bullets(map(plain, lines), "")
    yield ""


def contradictions(case: Case) -> Iterator[str]:
    """Claims that meet the same evidence are told together, and each contradiction once."""
    whys: dict[str, list[str]] = {}
    cited: dict[str, str] = {}
    for one in case.judgement.contradictions:
        whys.setdefault(one.claim, []).append(one.why)
        cited[one.why] = case.cite(one.evidence)
    if not whys:
        yield "Nobody claimed anything that the evidence speaks against."
    for same in dict.fromkeys(tuple(found) for found in whys.values()):
        yield from (f"- **{plain(claim)}**" for claim, found in whys.items() if tuple(found) == same)
        yield from (f"  - but: {plain(why)}{cited[why]}" for why in same)


def hypotheses(case: Case) -> Iterator[str]:
    found = case.judgement.hypotheses
    if not found:
        yield "None is left open."
    for number, one in enumerate(found, start=1):
        yield f"{number}. `{one.name}` of {plain(one.host)}: {MEANING[one.name]}."
        yield f"   - for:{case.cite(one.in_favour) or ' nothing'}; against:{case.cite(one.against) or ' nothing'}"
        yield f"   - decided by: {plain(one.next_probe)}"


def questions(case: Case) -> Iterator[str]:
    """What nobody has seen, and what nobody can say."""
    missing = [f"{plain(one.host)}: {plain(what)}" for one in case.judgement.hosts for what in one.missing]
    silent = [
        f"Who answers at {plain(one.address)} (told by {plain(', '.join(one.told_by))})?"
        for one in case.judgement.addresses
        if one.answers_as in (None, "unknown")
    ]
    failed = [f"Not seen: {_seen(case, one)}" for one in case.observations if one.error is not None]
    yield from bullets(dict.fromkeys((*missing, *silent, *failed)), "None.")


def _seen(case: Case, one: Observation) -> str:
    return f"{plain(sentence(one))}{case.cite([one])}"
