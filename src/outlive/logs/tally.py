"""How much a service writes, by minute; and when that is a flood: more than a threshold, or than is usual for it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

KEPT_MINUTES = 70
_RECENT = 2  # minutes over which the present rate is taken
_LEAST_SECONDS = 10.0
_BEFORE = 5  # what is usual is not learnt from the minutes just before
_LEARNT = 10  # minutes that have to be known before anything is usual
_TIMES_USUAL = 20
_NOTABLE_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Limits:
    """Above either, it is a flood whatever is usual."""

    bytes_per_minute: int = 1 << 20
    lines_per_minute: int = 3000


@dataclass(frozen=True, slots=True)
class Flood:
    bytes_per_minute: int
    lines_per_minute: int
    usual_bytes_per_minute: int | None


@dataclass(slots=True)
class Tally:
    """Of one stream. `since`: from when on everything is counted, so that quiet minutes count as nothing written."""

    since: datetime
    _bytes: dict[int, float] = field(default_factory=dict)
    _lines: dict[int, float] = field(default_factory=dict)

    def add(self, at: datetime, count_bytes: float, count_lines: float) -> None:
        minute = _minute(at)
        self._bytes[minute] = self._bytes.get(minute, 0.0) + count_bytes
        self._lines[minute] = self._lines.get(minute, 0.0) + count_lines
        if len(self._bytes) > KEPT_MINUTES:
            for kept in (self._bytes, self._lines):
                del kept[min(kept)]

    def flood(self, now: datetime, limits: Limits) -> Flood | None:
        """None when it is none. The minute that has just begun counts with the two before it."""
        current = _minute(now)
        recent = range(current - _RECENT, current + 1)
        window = _RECENT * 60 + now.second + now.microsecond / 1e6
        seconds = max(_LEAST_SECONDS, min(window, (now - self.since).total_seconds()))
        rate = sum(self._bytes.get(one, 0.0) for one in recent) / seconds * 60
        lines = sum(self._lines.get(one, 0.0) for one in recent) / seconds * 60
        usual = self._usual(current)
        above = usual is not None and rate > max(_NOTABLE_BYTES, usual * _TIMES_USUAL)
        if rate <= limits.bytes_per_minute and lines <= limits.lines_per_minute and not above:
            return None
        return Flood(rounded(rate), rounded(lines), None if usual is None else rounded(usual))

    def _usual(self, current: int) -> float | None:
        first = max(_minute(self.since) + 1, current - KEPT_MINUTES)
        minutes = range(first, current - _BEFORE)
        return median(self._bytes.get(one, 0.0) for one in minutes) if len(minutes) >= _LEARNT else None


def rounded(value: float) -> int:
    """To two figures: what is told again and again should change only when it says something."""
    whole = round(value)
    return whole if whole < 100 else int(float(f"{whole:.1e}"))


def _minute(at: datetime) -> int:
    return int(at.timestamp() // timedelta(minutes=1).total_seconds())
