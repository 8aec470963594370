"""What every witness is, and what they share.

A witness that gets no answer says so in the value (`{"error": ...}`): no data. It never raises for what the world does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from outlive.clock import Clock
from outlive.model.observation import Channel, Observation


class Witness(Protocol):
    """Looks at one thing. `what` names it among the others, in words for people."""

    @property
    def what(self) -> str: ...

    async def look(self) -> list[Observation]:
        """At least one observation. May take as long as it likes: who asks sets the limit, and cancels."""

    def blind(self, why: str) -> list[Observation]:
        """What is to be remembered when the look was cut off: that there is no data."""


@runtime_checkable
class LogReader(Protocol):
    """A witness that reads on from where it was, also after a restart."""

    @property
    def reader(self) -> str:
        """Whose positions these are: the same after a restart."""

    def positions(self) -> Mapping[str, Mapping[str, Any]]:
        """How far each log was read, as JSON: as of the last look that was told."""


@dataclass(frozen=True, slots=True)
class Pad:
    """Writes the observations of one witness about one subject."""

    witness: str
    channel: Channel
    subject: str
    clock: Clock = field(repr=False)

    def note(
        self, fact: str, value: Any, *, at: datetime | None = None, source: str = "", cluster: str | None = None
    ) -> Observation:
        """Something seen now (or that was the case `at`)."""
        now = self.clock.now()
        return Observation(
            at=at or now,
            witness=self.witness,
            channel=self.channel,
            subject=self.subject,
            fact=fact,
            value=value,
            source=source,
            cluster=cluster,
            observed_at=now,
        )

    def no_data(self, fact: str, error: str, why: str = "", **more: Any) -> Observation:
        """That nothing was seen, in one word, and in more words where there are any."""
        return self.note(fact, more | {"error": error} | ({"why": why} if why else {}))


def rounded(seconds: float | None) -> float | None:
    """Seconds, to the tenth of a millisecond: what is finer is noise."""
    return None if seconds is None else round(seconds, 4)
