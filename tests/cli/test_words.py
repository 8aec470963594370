"""What is said of room on a disk."""

from __future__ import annotations

from pathlib import Path

from outlive.backup.restore.room import Room
from outlive.cli.words import room


def test_how_much_a_chain_needs_and_whether_it_is_there() -> None:
    needed = Room("COPY", 4, Path("/srv"), 61_200_000_000, 90_000_000_000)
    assert room(needed) == (
        "copy COPY builds on 3 earlier; to make one of all takes up to 61.2 GB in /srv for a while, 90.0 GB are free"
    )
    assert room(Room("COPY", 4, Path("/srv"), 61_200_000_000, 12_000_000_000)).endswith(
        "12.0 GB are free: it may not fit"
    )
