"""Whether the data is protected as a heartbeat says it is. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

STALE = timedelta(hours=1)  # what the vault told longer ago proves nothing


@dataclass(frozen=True, slots=True)
class Protection:
    """What the vault told last, and when: a sentence for each thing that is not proven. `at` None: nothing yet, since
    `since`."""

    since: datetime
    at: datetime | None = None
    unproven: Sequence[str] = ()

    @property
    def is_proven(self) -> bool:
        return self.at is not None and not self.unproven

    def failures(self, now: datetime) -> tuple[str, ...] | None:
        """None while it was not asked yet: then neither success nor failure is true. A vault that does not answer is a
        failure after a while, also when the clock was put back."""
        if abs(now - (self.at or self.since)) > STALE:
            return ("the vault has not told for an hour whether the copies are there and proven",)
        return None if self.at is None else tuple(self.unproven)


def unproven(
    asset: str, risks: Sequence[str], drill: tuple[datetime, bool] | None, age: timedelta, now: datetime
) -> list[str]:
    """Of one asset: its `risks` as `outlive status` says them, and a newest drill (when, green or not) that is red or
    older than `age`."""
    found = [f"{asset}: {risk}" for risk in risks]
    if drill is None:
        return found or [f"{asset}: no copy was ever restored"]
    at, ok = drill
    if not ok:
        found.append(f"{asset}: the drill of {at:%Y-%m-%d %H:%M}Z was red")
    elif now - at > age:
        found.append(f"{asset}: the last green drill is of {at:%Y-%m-%d %H:%M}Z, which is too long ago")
    return found
