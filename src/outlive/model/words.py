"""Sizes, durations and moments as people read them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime


def size(count: float) -> str:
    """`1.5 GB`; powers of 1000, as disks are sold and networks are rated."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def duration(seconds: float) -> str:
    """`850 ms`, `4.2 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h"


def moment(at: datetime) -> str:
    """`2026-02-07 08:15:00Z`: always UTC, and it says so."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def brief(seconds: float) -> str:
    """A duration in one unit, rounded up: `850 ms`, `5 s`, `3 min`, `2 h`, `4 d`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    for unit, length, limit in (("s", 1, 120), ("min", 60, 120 * 60), ("h", 3600, 48 * 3600)):
        if seconds < limit:
            return f"{-(-seconds // length):.0f} {unit}"
    return f"{-(-seconds // 86400):.0f} d"
