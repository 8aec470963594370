"""How far a log file of a host was read, so that the place is found again whatever was done to the file. Pure.

The inode alone does not tell: `copytruncate` empties a file that may grow beyond the place before anybody looks, a new
file may get the number of one that was deleted, and a compressed one has another. So a place is known by what stands
there: keyed fingerprints of the first bytes of the file and of the bytes just before it. No text is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from outlive.commands.host_logs import HEAD_BYTES, Brought, FileSeen, Wanted
from outlive.logs.follow import FIRST_BYTES, MOST_BEHIND_BYTES

LEAD_BYTES = 256
MOST_PACKED_BYTES = 64 << 20  # what is larger is not unpacked to look for a place
MOST_PROBED = 5


@dataclass(frozen=True, slots=True)
class Place:
    """`device`, `inode`: the file in which it was seen last."""

    device: int
    inode: int
    offset: int
    head: str = ""
    lead: str = ""

    @classmethod
    def at(cls, file: FileSeen, offset: int, head: bytes, before: bytes, key: bytes) -> Place:
        """`head`: the first bytes of the file; `before`: what stands before the place, 256 bytes where there are so many."""
        return cls(
            file.device,
            file.inode,
            offset,
            _mark(key, head[: min(HEAD_BYTES, offset)]),
            _mark(key, before[-min(LEAD_BYTES, offset) :] if offset else b""),
        )

    def is_of(self, brought: Brought, key: bytes) -> bool:
        """Whether the file begins as the one in which the place was."""
        return _mark(key, brought.head[: min(HEAD_BYTES, self.offset)]) == self.head

    def is_there(self, brought: Brought, key: bytes) -> bool:
        return self.is_of(brought, key) and _mark(key, brought.lead[-LEAD_BYTES:]) == self.lead

    def noted(self) -> dict[str, Any]:
        """As JSON."""
        told = {"device": self.device, "inode": self.inode, "offset": self.offset}
        return told | {"head": self.head, "lead": self.lead}

    @classmethod
    def taken_up(cls, document: Mapping[str, Any] | None) -> Place | None:
        """From what `noted` gave; None when it cannot be read."""
        told = document or {}
        try:
            device, inode, offset = int(told["device"]), int(told["inode"]), int(told["offset"])
            return cls(device, inode, max(0, offset), str(told["head"]), str(told["lead"]))
        except (KeyError, TypeError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class Reading:
    """What is to be read now, oldest first; `skipped_bytes` were too much and are given up. `begins_within`: the first
    piece begins somewhere in a line. `grown_bytes`: how much there is to read, as far as is known."""

    pieces: tuple[Wanted, ...] = ()
    skipped_bytes: int = 0
    begins_within: bool = False
    grown_bytes: int = 0


def first(chain: Sequence[FileSeen], budget_bytes: int, *, fresh: bool) -> Reading:
    """Of a log that was never read: its end, or with `fresh` (it came since) all of it."""
    newest = chain[-1]
    start = 0 if fresh else max(0, newest.size_bytes - FIRST_BYTES)
    return _reading([(newest, start)], budget_bytes, begins_within=start > 0)


def onward(chain: Sequence[FileSeen], place: Place, budget_bytes: int, *, lingers: bool) -> Reading:
    """From the place on. With `lingers` the newest file is left for the next look: somebody may still write to the one
    before it, as a server does until it is told to open its log anew."""
    at = index(chain, place)
    if at is None:
        return Reading()
    unread = [(chain[at], place.offset)]
    if not chain[at].is_packed:
        later = chain[at + 1 : -1] if lingers else chain[at + 1 :]
        unread += [(one, 0) for one in later]
    if len(unread) > 1 and unread[0][0].size_bytes <= place.offset:
        del unread[0]  # nothing is left in it
    cut = next((number for number, (one, _) in enumerate(unread) if one.is_packed), None)
    return _reading(unread if cut is None else unread[: max(1, cut)], budget_bytes)


def index(chain: Sequence[FileSeen], place: Place) -> int | None:
    """In which of the files it was seen last."""
    return next((at for at, one in enumerate(chain) if one.is_the_one(place.device, place.inode)), None)


def is_displaced(chain: Sequence[FileSeen], place: Place) -> bool:
    """The place is surely not where it was: the file is gone, or shorter."""
    at = index(chain, place)
    return at is None or (not chain[at].is_packed and chain[at].size_bytes < place.offset)


def probes(chain: Sequence[FileSeen], place: Place) -> list[Wanted]:
    """Where a place may be that is not where it was: newest first."""
    likely = [
        one
        for one in reversed(chain)
        if not one.is_the_one(place.device, place.inode) and (not one.is_packed or one.size_bytes <= MOST_PACKED_BYTES)
    ]
    return [Wanted(one, place.offset, 0, min(LEAD_BYTES, place.offset)) for one in likely[:MOST_PROBED]]


def found(
    path: str, place: Place, tried: Sequence[tuple[Wanted, Brought | None]], key: bytes
) -> tuple[FileSeen, bool] | None:
    """In which of the probed files it is, and whether there can be more behind it: a copy of the log at `path` that ends
    before the place was read to its end."""
    brought = [(one.file, got) for one, got in tried if got is not None]
    for file, got in brought:
        if place.is_there(got, key):
            return file, True
    for file, got in brought:
        ends_before = file.path != path and len(got.lead) < min(LEAD_BYTES, place.offset)
        if ends_before and place.is_of(got, key):
            return file, False
    return None


def moved(place: Place, file: FileSeen) -> Place:
    return replace(place, device=file.device, inode=file.inode)


def _reading(unread: list[tuple[FileSeen, int]], budget: int, *, begins_within: bool = False) -> Reading:
    sizes = [budget if one.is_packed else max(0, one.size_bytes - from_) for one, from_ in unread]
    grown, skipped = sum(sizes), 0
    if grown > max(MOST_BEHIND_BYTES, budget) and not unread[0][0].is_packed:
        skipped, begins_within = grown - budget, True
    pieces, passed = [], skipped
    for (one, from_), size in zip(unread, sizes, strict=True):
        start = from_ + min(passed, size)
        length = min(budget, size - min(passed, size))
        passed -= min(passed, size)
        budget -= length
        if length > 0:
            pieces.append(Wanted(one, start, length, min(LEAD_BYTES, start)))
    return Reading(tuple(pieces), skipped, begins_within and bool(pieces), grown)


def _mark(key: bytes, data: bytes) -> str:
    return blake2b(data, key=key[:64], digest_size=8).hexdigest() if data else ""
