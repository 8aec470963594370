"""The machine that is said to be lost was still there afterwards.

A machine set up anew has no certificate for the name, and no old log lines to send. In the outage, the old address answered
502 over a valid certificate after the alleged loss, minutes after the machine's own logs had still arrived
(research/watch.md 0, rows 1 and 2).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from outlive.model.observation import Channel, Observation
from outlive.verdict.case import serves_valid_certificate
from outlive.verdict.contradictions.model import Contradiction
from outlive.verdict.evidence import channel
from outlive.verdict.hearing import Hearing, text_of
from outlive.verdict.words import clock

_JUST_BEFORE = timedelta(minutes=15)  # whatever happened, happened then or later


def served_after_loss(hearing: Hearing) -> Iterator[Contradiction]:
    slack = timedelta(seconds=hearing.case.scene.settings.slack_seconds)
    life = hearing.signs_of_life()
    logs = _telemetry(hearing)
    for claim in hearing.losses:
        since = hearing.alleged(claim)
        alive = [one for one in life if one.at >= since - slack]
        if alive:
            yield Contradiction(text_of(claim), tuple(alive[-3:]), _why(hearing, alive[-1], since))
        told = [one for one in logs if one.at >= since - _JUST_BEFORE]
        if told:
            last = clock(told[-1].at)
            why = f"the logs of {hearing.host} still came in at {last}; the loss is said to be of {clock(since)}"
            yield Contradiction(text_of(claim), tuple(told[-3:]), why)


def _why(hearing: Hearing, last: Observation, since: datetime) -> str:
    place = next((at for at in hearing.case.own if last in hearing.case.scene.placed.get(at, ())), last.subject)
    what = (
        "served a valid certificate, which a machine set up anew would not have"
        if serves_valid_certificate(last)
        else f"answered with the {last.fact} that was pinned"
    )
    return f"{place} still {what}, at {clock(last.at)}, after the alleged loss ({clock(since)})"


def _telemetry(hearing: Hearing) -> list[Observation]:
    seen = hearing.seen_at(*hearing.own_places)
    return [one for one in seen if one.fact.startswith("log.") and channel(one) is Channel.TELEMETRY]
