"""What was seen again and again without changing, as one: the first and the last sight of it. Pure.

A witness that looks every five seconds says the same thing half a million times a month. What matters is what it said,
since when and until when: a stretch is that, it ends when something else is seen or nobody looks for a while.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from outlive.model.observation import Channel, Observation, moment

GAP = timedelta(minutes=20)  # longer than anything is left alone: nobody looked, so nobody knows what was in between
BOOT_SLACK = timedelta(seconds=5)  # a boot's time is reckoned from an uptime, by two clocks
_WHICH = (
    *("url", "port", "name", "volume", "server", "project", "service", "stream", "id", "signature"),
    *("rule", "fingerprint", "mount"),
)
_NOISE = ("why", "source")


@dataclass(frozen=True, slots=True)
class Stretch:
    """`times` it was seen. `key` says which thing it was, so that two with the same key are before and after."""

    key: str
    first: Observation
    last: Observation
    times: int = 1

    @classmethod
    def of(cls, one: Observation) -> Stretch:
        return cls(key(one), one, one)

    def with_next(self, one: Observation) -> Stretch | None:
        """Longer by a new sight of the same thing; None when it begins another stretch."""
        if one.at - self.last.at > GAP or not is_same(self.last, one):
            return None
        return replace(self, last=one, times=self.times + 1)

    @property
    def observations(self) -> tuple[Observation, ...]:
        return (self.first,) if self.times == 1 else (self.first, self.last)


def key(one: Observation) -> str:
    """Which thing was seen: by whom, of what, and which of several. Of DNS also who said so: authorities can differ."""
    names = [
        name for name in _WHICH if name != "id" or one.fact != "container"
    ]  # a container made anew: the same thing
    which = [one.value[name] for name in names if name in one.value] if isinstance(one.value, dict) else []
    source = one.source if one.channel is Channel.DNS else ""
    parts = [one.witness, one.subject, one.fact, one.cluster or "", source, *which]
    return sha256(json.dumps(parts, default=str).encode()).hexdigest()[:32]


def is_same(before: Observation, after: Observation) -> bool:
    """Whether the later sight says nothing new. How long something took is no news; that a log went back is."""
    if before.error is not None or after.error is not None:
        return before.error == after.error
    if after.fact.endswith("_seconds"):
        return True
    if after.fact == "guest.boot_time":
        return abs(_moment(after.value) - _moment(before.value)) <= BOOT_SLACK
    if after.fact == "pg.lsn":
        return _lsn(after.value) >= _lsn(before.value)
    return bool(_gist(before.value) == _gist(after.value))


def _gist(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: one for name, one in value.items() if name not in _NOISE and not name.endswith("seconds")}


def _moment(value: Any) -> datetime:
    return moment(str(value))


def _lsn(value: Any) -> tuple[int, int]:
    high, _, low = str(value).partition("/")
    return int(high, 16), int(low, 16)
