"""What is taken for the replacement was up before the loss.

A machine that was rebuilt in the morning has been up since the morning. In the outage the "replacement" had been up for 22
hours: it was either the old machine, or another one that had existed all along (research/watch.md 0, row 3; 3.3 rule 5).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from outlive.model.observation import Observation
from outlive.verdict.contradictions.model import Contradiction
from outlive.verdict.evidence import when
from outlive.verdict.hearing import Hearing, text_of
from outlive.verdict.signs import BOOT_TIME
from outlive.verdict.words import clock, span

_CLOCK = timedelta(minutes=10)


def boot_older(hearing: Hearing) -> Iterator[Contradiction]:
    for claim in hearing.losses:
        since = hearing.alleged(claim)
        for one in _boots(hearing):
            began = when(one.value)
            if began is not None and began < since - _CLOCK <= one.at:
                life = [alive for alive in hearing.signs_of_life() if alive.at > began][-1:]
                yield Contradiction(text_of(claim), (one, *life), _why(one, span(one.at - began), clock(since)))


def _why(one: Observation, up: str, since: str) -> str:
    return (
        f"the machine at {one.subject} had been up for {up} at {clock(one.at)}: it was not made or rebuilt at or "
        f"after {since}, and ran beside the machine that is said to be lost"
    )


def _boots(hearing: Hearing) -> list[Observation]:
    """The newest word on each place that was ever taken for the host."""
    newest: dict[str, Observation] = {}
    for one in hearing.seen_at(*hearing.looked_at):
        if one.fact == BOOT_TIME:
            newest[one.subject] = one
    return list(newest.values())
