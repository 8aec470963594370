"""Everything a report is made from. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from outlive.model.incident import Incident, Sending
from outlive.model.observation import Observation
from outlive.verdict.judgement import Judgement


@dataclass(frozen=True, slots=True)
class AssetLoss:
    """What of an asset would have been gone at the beginning of the incident. `until`: everything written before is in the
    vault; None: nothing is, or (with `unknown`) it could not be told."""

    asset: str
    kind: str
    until: datetime | None
    copy: str = ""
    proof: str = ""
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done about it."""

    at: datetime
    what: str


@dataclass(frozen=True)
class Case:
    """`at` is the moment as of which `judgement` was made; `losses` None when nobody asked the vault (recorded evidence).
    `incident` None when there is only evidence."""

    title: str
    at: datetime
    judgement: Judgement
    incident: Incident | None = None
    messages: Sequence[Sending] = ()
    losses: Sequence[AssetLoss] | None = None
    steps: Sequence[Step] = ()

    @property
    def observations(self) -> tuple[Observation, ...]:
        """Oldest first; their numbers in the report follow this order, from 1."""
        return self.judgement.scene.evidence.all

    @property
    def began_at(self) -> datetime | None:
        return self.incident.trouble.since if self.incident else None

    def cite(self, seen: Sequence[Observation]) -> str:
        """` [3, 7]`: the numbers of observations; empty for none."""
        numbers = sorted({number for one in seen for number in self._numbers_of(one)})
        return f" [{', '.join(map(str, numbers))}]" if numbers else ""

    def of(self, *facts: str) -> Iterator[Observation]:
        return (one for one in self.observations if one.fact in facts)

    def _numbers_of(self, wanted: Observation) -> Iterator[int]:
        for number, one in enumerate(self.observations, start=1):
            if one == wanted:
                yield number
