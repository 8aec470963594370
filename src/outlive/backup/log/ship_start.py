"""Where a stream goes on: behind what the vault has, along the timelines that the server knows. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from outlive.backup.log.log_buffer import floor, unit_of
from outlive.backup.log.wal_names import Stretch
from outlive.backup.log.windows import FAR
from outlive.commands.wal import Switch, owner, show


@dataclass(frozen=True, slots=True)
class Server:
    """How far the server is: its timeline with its history (oldest first), how far its log is flushed, and the first
    position that the slot keeps."""

    timeline: int
    history: tuple[Switch, ...]
    position: int
    kept: int
    segment_bytes: int


@dataclass(frozen=True, slots=True)
class Start:
    """Stream from `position` on `timeline`; before `durable` all is in the vault. `pieces` are keys that the unit at
    `position` will replace, `marks` those that the next mark will. `litter` are keys that say nothing that others do not:
    an earlier run could not remove them. `gap` says what is missing, when it does not join."""

    position: int
    timeline: int
    durable: int
    pieces: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    litter: tuple[str, ...] = ()
    gap: str = ""
    rolled_back: bool = False


def where(server: Server, stretches: Sequence[Stretch]) -> Start:
    """From what the vault has of the branch that is being written."""
    path = {switch.parent: switch.position for switch in server.history} | {server.timeline: FAR}
    ours = [one for one in stretches if one.timeline in path and one.start < path[one.timeline]]
    if not stretches:
        return at_the_slot(server)
    if not ours:
        newest = max(one.timeline for one in stretches)
        return at_the_slot(
            server, f"the server is on timeline {server.timeline}, which did not come from timeline {newest}."
        )
    timeline = max(one.timeline for one in ours)
    own = [one for one in ours if one.timeline == timeline]
    durable = min(max(one.end for one in own), path[timeline])
    following = owner(durable, server.timeline, server.history)
    if following != timeline:  # the vault has that timeline up to its end; the next one copied its last segment
        begin = floor(durable, server.segment_bytes)
        return Start(begin, following, begin)
    if timeline == server.timeline and durable > server.position:
        gap = (
            f"the server is at {show(server.position)}, but had written up to {show(durable)} before: it was put back."
        )
        return at_the_slot(server, gap, rolled_back=True)
    begin = floor(durable, unit_of(server.segment_bytes))
    pieces = tuple(one.key for one in own if one.end > begin and one.end > one.start)
    marks = tuple(one.key for one in own if one.end == one.start == durable)
    return Start(begin, timeline, durable, pieces, marks, tuple(_litter(own, durable)))


def _litter(stretches: Sequence[Stretch], durable: int) -> Iterator[str]:
    """Stretches that a longer one covers, and marks of what was written past."""
    covered = 0
    for one in sorted(stretches, key=lambda one: (one.start, -one.end, one.key)):
        if one.end <= covered and one.end < durable:
            yield one.key
        covered = max(covered, one.end)


def at_the_slot(server: Server, gap: str = "", *, rolled_back: bool = False) -> Start:
    """Where the slot begins, from the start of a segment: Postgres reads whole ones."""
    begin = floor(server.kept, server.segment_bytes)
    return Start(begin, owner(begin, server.timeline, server.history), begin, gap=gap, rolled_back=rolled_back)
