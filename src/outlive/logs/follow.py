"""How far a log was read, and what is to be read next. Pure.

A position is an inode and an offset in it: rotation renames a file and does not change it. What a service writes faster
than it may be read is skipped, counted, and said; never silently.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from outlive.commands.log_files import FileAt, Piece, names

FIRST_BYTES = 64 << 10  # of a log that is met for the first time
MOST_BEHIND_BYTES = 2 << 20


@dataclass(frozen=True, slots=True)
class Position:
    inode: int
    offset: int


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be read now, oldest first; and what will not be read any more: `skipped_bytes` were too much, with `gap`
    something was rotated away unread. `begins_within`: the first piece begins somewhere in a line. `grown_bytes`: how much
    there is that was not read before, whether it is read now or not."""

    pieces: tuple[Piece, ...] = ()
    skipped_bytes: int = 0
    gap: bool = False
    begins_within: bool = False
    grown_bytes: int = 0


def step(
    path: str, files: Mapping[str, FileAt], at: Position | None, budget_bytes: int, *, fresh: bool = False
) -> Step:
    """`at` None: never read before; then its end is read, or with `fresh` (the container is new) all of it."""
    chain = [files[name] for name in reversed(names(path)) if name in files]
    if not chain:
        return Step()
    start, gap = _start(chain, at, fresh)
    unread = [(one, from_) for one, from_ in start if one.size_bytes > from_]
    grown = sum(one.size_bytes - from_ for one, from_ in unread)
    begins_within = at is None and bool(unread) and unread[0][1] > 0
    skipped = 0
    if grown > max(MOST_BEHIND_BYTES, budget_bytes):
        skipped, begins_within = grown - budget_bytes, True
        unread = _without(unread, skipped)
    return Step(tuple(_pieces(unread, budget_bytes)), skipped, gap, begins_within, grown)


def shares(grown_bytes: Mapping[str, int], budget_bytes: int, least_bytes: int) -> dict[str, int]:
    """How much may be read of each that has grown: as much of what is left as those behind it, so that the quiet ones leave
    theirs to the loud."""
    quiet_first = sorted((name for name, grown in grown_bytes.items() if grown), key=lambda name: grown_bytes[name])
    left, found = budget_bytes, {}
    for index, name in enumerate(quiet_first):
        share = max(least_bytes, left // (len(quiet_first) - index))
        if share > left:
            break
        found[name] = share
        left -= min(share, grown_bytes[name])
    return found


def _start(chain: list[FileAt], at: Position | None, fresh: bool) -> tuple[list[tuple[FileAt, int]], bool]:
    """From where each file is unread, oldest first; and whether something between is gone."""
    newest = chain[-1]
    if at is None:
        if fresh:
            return [(one, 0) for one in chain], False
        return [(newest, max(0, newest.size_bytes - FIRST_BYTES))], False
    known = next((index for index, one in enumerate(chain) if one.inode == at.inode), None)
    if known is None:
        return [(one, 0) for one in chain], True
    if chain[known].size_bytes < at.offset:  # emptied and begun anew, as with max-file 1
        return [(one, 0) for one in chain[known:]], True
    return [(chain[known], at.offset), *((one, 0) for one in chain[known + 1 :])], False


def _without(unread: list[tuple[FileAt, int]], skip: int) -> list[tuple[FileAt, int]]:
    left: list[tuple[FileAt, int]] = []
    for one, from_ in unread:
        passed = min(skip, one.size_bytes - from_)
        skip -= passed
        if one.size_bytes > from_ + passed:
            left.append((one, from_ + passed))
    return left


def _pieces(unread: list[tuple[FileAt, int]], budget: int) -> list[Piece]:
    pieces = []
    for one, from_ in unread:
        length = min(budget, one.size_bytes - from_)
        if length > 0:
            pieces.append(Piece(one.path, one.inode, from_, length))
            budget -= length
    return pieces
