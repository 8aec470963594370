"""What the judge hands over. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from outlive.model.verdict import Address, Name, Verdict
from outlive.verdict.contradictions import contradictions
from outlive.verdict.contradictions.model import Contradiction
from outlive.verdict.hearing import Hearing
from outlive.verdict.hypotheses import Hypothesis, hypotheses
from outlive.verdict.scene import Scene
from outlive.verdict.timeline import Event, timeline

_COULD_NOT_TELL = frozenset({Name.NO_DATA, Name.UNREACHABLE_UNPROVEN})


@dataclass(frozen=True)
class Judgement:
    """One verdict a host, and as whom each address of the ledger answers. Contradictions, timeline and hypotheses are
    worked out when they are asked for."""

    hosts: tuple[Verdict, ...]
    addresses: tuple[Address, ...]
    scene: Scene = field(repr=False, compare=False)
    hearings: tuple[Hearing, ...] = field(repr=False, compare=False)

    @cached_property
    def contradictions(self) -> tuple[Contradiction, ...]:
        return contradictions(self.hearings)

    @cached_property
    def timeline(self) -> tuple[Event, ...]:
        return timeline(self.scene.evidence)

    @cached_property
    def hypotheses(self) -> tuple[Hypothesis, ...]:
        return hypotheses(self.hearings)

    @property
    def is_leaking(self) -> bool:
        """Whether a secret stands in the log of any host, which is found also where nothing else is wrong."""
        return any(one.case.health.is_leaking for one in self.hearings)

    @property
    def exit_code(self) -> int:
        """0 all is well, or as announced; 1 something was found; 3 of some host nothing could be told."""
        open_hosts = [one for one in self.hosts if not (one.accepted or one.name is Name.SAME_MACHINE_OK)]
        if any(one.name not in _COULD_NOT_TELL for one in open_hosts) or any(map(_is_found, self.contradictions)):
            return 1
        if self.is_leaking:
            return 1
        return 3 if open_hosts or not self.hosts else 0

    def to_json(self) -> dict[str, Any]:
        """As `check --json` has it."""
        return {
            "hosts": [one.to_json() for one in self.hosts],
            "addresses": [one.to_json() for one in self.addresses],
        }


def _is_found(one: Contradiction) -> bool:
    """Looks that brought no answer contradict nothing."""
    return any(observation.error is None for observation in one.evidence)
