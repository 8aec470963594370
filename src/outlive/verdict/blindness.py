"""Is it the host that is silent, or are we blind? Pure.

Watchers cry wolf most often over themselves: their own network, their locked database, their clock
(research/watch.md 1.2, 10.4). As long as the keeper says that it is not well, nothing that it saw or missed is judged.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from outlive.model.observation import Channel, Observation
from outlive.verdict.evidence import Evidence, channel, field
from outlive.verdict.judging import Judging

OK, NO_NETWORK = "ok", "no_network"

WORDS = {
    "no_network": "we are blind: the keeper itself has no network, so the host's silence says nothing about the host",
    "clock_skew": "we are blind: the keeper's own clock is off, so no age of anything it saw can be believed",
    "locked": "we are blind: the keeper cannot read or write what it remembers",
}


def words(one: Observation) -> str:
    state = str(field(one, "state"))
    return WORDS.get(state, f"we are blind: the keeper says of itself that it is {state!r}")


def blindness(evidence: Evidence, now: datetime, settings: Judging) -> Observation | None:
    """The keeper's newest word about itself, where it says that it is not well. With several keepers, one that is well
    is enough. A network that answered to somebody since then is back."""
    newest = {one.subject: one for one in evidence.of("self") if field(one, "state") is not None}
    recent = [one for one in newest.values() if (now - one.at).total_seconds() <= settings.max_age(one.fact)]
    unwell = [one for one in recent if field(one, "state") != OK]
    if not unwell or len(unwell) < len(recent):
        return None
    worst = max(unwell, key=lambda one: one.at)
    back = worst.at + timedelta(seconds=settings.slack_seconds)
    if field(worst, "state") == NO_NETWORK and any(_got_through(one) and one.at > back for one in evidence.all):
        return None
    return worst


def _got_through(one: Observation) -> bool:
    return one.error is None and channel(one) in (Channel.OUTSIDE, Channel.INSIDE)
