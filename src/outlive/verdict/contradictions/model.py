"""What a contradiction is. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from outlive.model.observation import Observation


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Something asserted (by a person, or by one channel), and the observations that speak against it."""

    claim: str
    evidence: tuple[Observation, ...]
    why: str

    def to_json(self) -> dict[str, Any]:
        return {"claim": self.claim, "evidence": [one.to_json() for one in self.evidence], "why": self.why}
