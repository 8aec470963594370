"""A judgement of recorded evidence, told to people in 80 columns and to machines as CONTRACT has it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from outlive.cli.verdict_words import ledger, listed, observations, told, wrapped
from outlive.cli.words import moment
from outlive.model.observation import rfc3339
from outlive.verdict.judgement import Judgement


def document(judgement: Judgement, at: datetime) -> dict[str, Any]:
    return {
        "at": rfc3339(at) if judgement.scene.evidence.all else None,
        **judgement.to_json(),
        "timeline": [one.to_json() for one in judgement.timeline],
        "contradictions": [one.to_json() for one in judgement.contradictions],
        "hypotheses": [one.to_json() for one in judgement.hypotheses],
    }


def words(judgement: Judgement, at: datetime) -> Iterator[str]:
    """What is so, who answers where, what contradicts it, what it may be, and how it came."""
    count = len(judgement.scene.evidence.all)
    if not count:
        yield "The evidence is empty: nothing can be told."
        return
    yield f"Judged as of {moment(at)}, from {count} observations."
    if not judgement.hosts:
        yield from ("", "No host is named in the evidence: nothing can be told of any.")
    for verdict in judgement.hosts:
        yield from ("", *told(verdict))
    if judgement.addresses:
        yield from ("", "Addresses", *ledger(judgement.addresses))
    yield from _contradictions(judgement)
    yield from _hypotheses(judgement)
    yield from ("", "Timeline", *_timeline(judgement))


def _contradictions(judgement: Judgement) -> Iterator[str]:
    """Claims that meet the same contradictions are told together, and each contradiction once."""
    against: dict[str, list[str]] = {}
    for one in judgement.contradictions:
        against.setdefault(one.why, []).append(one.claim)
    told = {one.why: one for one in judgement.contradictions}
    for index, claims in enumerate(dict.fromkeys(tuple(dict.fromkeys(found)) for found in against.values())):
        yield from ("", "Contradictions") if index == 0 else ("",)
        for claim in claims:
            yield from wrapped(f'"{claim}"', "  ")
        for why in (why for why, found in against.items() if tuple(dict.fromkeys(found)) == claims):
            yield from listed("but", [why])
            yield from observations("seen", told[why].evidence)


def _hypotheses(judgement: Judgement) -> Iterator[str]:
    if judgement.hypotheses:
        yield from ("", "What it may be, likeliest first")
    for one in judgement.hypotheses:
        yield f"  {one.name} of {one.host}: {len(one.in_favour)} for, {len(one.against)} against"
        yield from listed("", [f"to ask next: {one.next_probe}"])


def _timeline(judgement: Judgement) -> Iterator[str]:
    for one in judgement.timeline:
        again = f" ({one.count} times until {moment(one.until)})" if one.count > 1 else ""
        yield from wrapped(f"{one.what}{again}", f"  {moment(one.at)} ")
