"""Sizes, durations and moments as people read them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from outlive.backup.restore.room import Room


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


def room(needed: Room) -> str:
    """What a chain needs while it is made into one, and whether that is there."""
    there = "" if needed.free_bytes >= needed.peak_bytes else ": it may not fit"
    return (
        f"copy {needed.copy} builds on {needed.members - 1} earlier; to make one of all takes up to "
        f"{size(needed.peak_bytes)} in {needed.folder} for a while, {size(needed.free_bytes)} are free{there}"
    )
