"""Sizes, durations and moments as people read them. Pure."""

from __future__ import annotations

from outlive.backup.restore.room import Room
from outlive.model.words import duration, moment, size

__all__ = ["duration", "moment", "room", "size"]


def room(needed: Room) -> str:
    """What a chain needs while it is made into one, and whether that is there."""
    there = "" if needed.free_bytes >= needed.peak_bytes else ": it may not fit"
    return (
        f"copy {needed.copy} builds on {needed.members - 1} earlier; to make one of all takes up to "
        f"{size(needed.peak_bytes)} in {needed.folder} for a while, {size(needed.free_bytes)} are free{there}"
    )
