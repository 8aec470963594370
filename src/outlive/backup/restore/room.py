"""What a restore needs for a while, said before it begins. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Room:
    """To make one of the `members` of a chain takes at most `peak_bytes` in `folder`, where `free_bytes` are free."""

    copy: str
    members: int
    folder: Path
    peak_bytes: int
    free_bytes: int


OnRoom = Callable[[Room], None]
