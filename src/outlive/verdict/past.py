"""What a host looked like before: the memory that the present is compared with. Pure.

An enrolment begins a new memory: what a person accepted is not held against the machine. One that is written down after
the looks that are judged (evidence collected in a hurry) forgets nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from outlive.model.observation import Observation
from outlive.verdict.evidence import part


@dataclass(frozen=True, slots=True)
class Past:
    """Everything ever seen at the places where a host belongs, oldest first for each fact and part."""

    since: datetime | None
    slack: timedelta
    _seen: dict[tuple[str, str], list[Observation]] = field(default_factory=dict)

    @classmethod
    def of(cls, seen: Iterable[Observation], since: datetime | None, slack_seconds: float) -> Past:
        past = cls(since, timedelta(seconds=slack_seconds))
        for one in sorted(seen, key=lambda one: one.at):
            if one.error is None:
                past._seen.setdefault((one.fact, part(one)), []).append(one)
        return past

    def before(self, one: Observation) -> Sequence[Observation]:
        """What was seen of the same thing before, oldest first. Another witness's clock may be off by the slack."""
        return [
            other
            for other in self._seen.get((one.fact, part(one)), ())
            if other.at < (one.at if other.witness == one.witness else one.at - self.slack) and self._counts(other, one)
        ]

    def first_seen(self, one: Observation) -> datetime:
        """Since when the value has been as it is now."""
        first = one.at
        for other in reversed(self.before(one)):
            if other.value != one.value:
                break
            first = other.at
        return first

    def _counts(self, other: Observation, one: Observation) -> bool:
        return self.since is None or self.since > one.at + self.slack or other.at >= self.since - self.slack
