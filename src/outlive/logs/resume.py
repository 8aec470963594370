"""Reading on after a restart: how far everything was told, and what has to be heard again so that nothing is lost. Pure.

A position that is remembered holds no text: it may be a secret. So what a rule was still waiting for (a phrase over several
lines, of which the next is written after the restart) is found by hearing the last `AGAIN_BYTES` again; what stands in them
was counted and told before, and is not told again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from outlive.commands.log_files import FileAt, Piece
from outlive.logs.follow import Position

AGAIN_BYTES = 8 << 10


@dataclass(frozen=True, slots=True)
class Left:
    """`to`: up to where everything was told; from `begin` on it is heard again. `open`: streams in which something may
    have begun that was not whole. `is_ragged`: the beginning lies somewhere in a line."""

    to: Position
    begin: Position
    is_ragged: bool
    open: tuple[str, ...]

    def is_there(self, files: Iterable[FileAt]) -> bool:
        """Whether the file is still as long as it was."""
        return any(one.inode == self.to.inode and one.size_bytes >= self.to.offset for one in files)

    def length_in(self, piece: Piece) -> int:
        """How many of its first bytes were heard before."""
        if piece.inode != self.to.inode:
            return 0
        return max(0, min(piece.length, self.to.offset - piece.offset))


def noted(at: Position, ragged: bool, not_settled: Sequence[str]) -> dict[str, Any]:
    """As JSON."""
    return {"inode": at.inode, "offset": at.offset, "ragged": ragged, "open": list(not_settled)}


def taken_up(document: Mapping[str, Any] | None) -> Left | None:
    """From what `noted` wrote; None when there is nothing, or nothing that can be read: then it is a log like any other."""
    told = document or {}
    try:
        to, opened = Position(int(told["inode"]), int(told["offset"])), tuple(told["open"])
    except (KeyError, TypeError, ValueError):
        return None
    if told.get("ragged"):
        return Left(to, to, True, opened)
    begin = max(0, to.offset - AGAIN_BYTES)
    return Left(to, Position(to.inode, begin), begin > 0, opened)
