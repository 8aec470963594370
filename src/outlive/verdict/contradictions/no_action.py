"""Somebody says that nobody did anything, and the record shows that somebody did.

"No operator action" stood in the outage's postmortem, above an SSH key created nine minutes before an unexplained deploy
(research/incident-and-provider.md 5.2, row 6). What people did is the first thing to know, and the last that they remember.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from outlive.verdict.contradictions.model import Contradiction
from outlive.verdict.evidence import field
from outlive.verdict.hearing import Hearing, says_nobody_acted, text_of
from outlive.verdict.words import clock

_BEFORE = timedelta(days=2)


def no_action(hearing: Hearing) -> Iterator[Contradiction]:
    for claim in hearing.claims:
        if not says_nobody_acted(claim):
            continue
        done = tuple(
            one for one in hearing.case.scene.evidence.of("action") if claim.at - _BEFORE <= one.at <= claim.at
        )
        if done:
            what = ", ".join(f"{field(one, 'what')} at {clock(one.at)}" for one in done)
            yield Contradiction(text_of(claim), done, f"somebody did something: {what}")
