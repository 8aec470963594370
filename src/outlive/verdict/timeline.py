"""The timeline: what was seen for the first time, and what changed. Pure.

Time is the time of the event, not of its arrival. Repetitions are counted, not told; nothing is left out, unknown facts
included.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from outlive.model.observation import Observation, rfc3339
from outlive.verdict.evidence import Evidence, part
from outlive.verdict.words import sentence


@dataclass(frozen=True, slots=True)
class Event:
    """`count` looks in a row saw the same, the last one at `until`."""

    at: datetime
    what: str
    observation: Observation
    count: int
    until: datetime

    def to_json(self) -> dict[str, Any]:
        return {
            "at": rfc3339(self.at),
            "what": self.what,
            "count": self.count,
            "until": rfc3339(self.until),
            "observation": self.observation.to_json(),
        }


def timeline(evidence: Evidence) -> tuple[Event, ...]:
    """Oldest first."""
    last: dict[tuple[str, str, str, str], int] = {}
    events: list[Event] = []
    for one in evidence.all:
        thing = (one.subject, one.fact, part(one), one.witness)
        index = last.get(thing)
        if index is not None and events[index].observation.value == one.value:
            events[index] = replace(events[index], count=events[index].count + 1, until=one.at)
        else:
            last[thing] = len(events)
            events.append(Event(one.at, sentence(one), one, 1, one.at))
    return tuple(events)
