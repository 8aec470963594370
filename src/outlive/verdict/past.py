"""What a host looked like before: the memory that the present is compared with. Pure.

An enrolment begins a new memory: what a person accepted is not held against the machine. One that is written down after
the looks that are judged (evidence collected in a hurry) forgets nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from outlive.model.observation import Observation
from outlive.verdict.evidence import Key, part


@dataclass(frozen=True, slots=True)
class Past:
    """`seen`: everything ever seen at each place where a host belongs, oldest first for each fact and part."""

    since: datetime | None
    slack: timedelta
    seen: Sequence[Mapping[Key, Sequence[Observation]]] = ()

    def before(self, one: Observation) -> Sequence[Observation]:
        """What was seen of the same thing before, oldest first. Another witness's clock may be off by the slack."""
        return [
            other
            for other in self._all((one.fact, part(one)))
            if other.at < (one.at if other.witness == one.witness else one.at - self.slack) and self._counts(other, one)
        ]

    def newest(self, fact: str) -> tuple[Observation, ...]:
        """The newest word on each thing of one kind, however old."""
        keys = sorted({key for place in self.seen for key in place if key[0] == fact})
        return tuple(known[-1] for key in keys if (known := self._all(key)))

    def newest_of(self, key: Key) -> Observation | None:
        return next(reversed(self._all(key)), None)

    def every(self, fact: str) -> Iterator[Observation]:
        """All that was seen of one kind, errors too."""
        return (one for place in self.seen for key, known in place.items() if key[0] == fact for one in known)

    def first_seen(self, one: Observation) -> datetime:
        """Since when the value has been as it is now."""
        first = one.at
        for other in reversed(self.before(one)):
            if other.value != one.value:
                break
            first = other.at
        return first

    def _all(self, key: Key) -> list[Observation]:
        found = [one for place in self.seen for one in place.get(key, ()) if one.error is None]
        return sorted(found, key=lambda one: one.at) if len(self.seen) > 1 else found

    def _counts(self, other: Observation, one: Observation) -> bool:
        return self.since is None or self.since > one.at + self.slack or other.at >= self.since - self.slack
