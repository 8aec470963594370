"""What a judgement is made of. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from outlive.model.observation import Observation, rfc3339
from outlive.model.verdict import Address, Verdict
from outlive.verdict.scene import Scene


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Something asserted (by a person, or by one channel), and the observations that speak against it."""

    claim: str
    evidence: tuple[Observation, ...]
    why: str

    def to_json(self) -> dict[str, Any]:
        return {"claim": self.claim, "evidence": [one.to_json() for one in self.evidence], "why": self.why}


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One explanation of what is seen at a host. `name` is a verdict's word; `next_probe` the one cheap look that would
    tell it from its nearest rival."""

    host: str
    name: str
    in_favour: tuple[Observation, ...]
    against: tuple[Observation, ...]
    missing: tuple[str, ...]
    next_probe: str

    def to_json(self) -> dict[str, Any]:
        return {
            "host": self.host,
            "name": self.name,
            "for": [one.to_json() for one in self.in_favour],
            "against": [one.to_json() for one in self.against],
            "missing": list(self.missing),
            "next_probe": self.next_probe,
        }


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the timeline: something that was seen for the first time, or that changed."""

    at: datetime
    what: str
    observation: Observation

    def to_json(self) -> dict[str, Any]:
        return {"at": rfc3339(self.at), "what": self.what, "observation": self.observation.to_json()}


@dataclass(frozen=True)
class Judgement:
    """One verdict a host, and as whom each address of the ledger answers. The rest is worked out when it is asked for."""

    hosts: tuple[Verdict, ...] = ()
    addresses: tuple[Address, ...] = ()
    scene: Scene | None = field(default=None, repr=False, compare=False)

    @property
    def contradictions(self) -> tuple[Contradiction, ...]:
        return ()

    @property
    def timeline(self) -> tuple[Event, ...]:
        return ()

    @property
    def hypotheses(self) -> tuple[Hypothesis, ...]:
        return ()
