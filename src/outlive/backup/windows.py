"""To which moments a cluster can be brought back. Pure.

A window begins when a base copy is consistent and ends where the log in the vault ends or has its first gap. A gap is
not bridged: what lies behind it can only be reached from a later base copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from outlive.backup.wal_names import Stretch
from outlive.commands.postgres import lsn
from outlive.commands.wal import Switch, show
from outlive.model.copy import Copy


@dataclass(frozen=True, slots=True)
class Base:
    """What matters of a base copy: where its log begins and ends, on which timeline."""

    copy: str
    timeline: int
    start: int
    end: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """From `since` to `until`, from this base copy along these stretches. `end` is the last position that is covered.
    `gap` tells where log is missing, when there is more behind it."""

    base: Base
    since: datetime
    until: datetime
    timeline: int
    end: int
    stretches: tuple[Stretch, ...]
    gap: str = ""


def bases(copies: Iterable[Copy], lineage: str) -> list[Base]:
    """The physical copies of a lineage that are not marked damaged, oldest first."""
    found = []
    for copy in copies:
        manifest = copy.manifest
        if manifest.kind == "postgres" and manifest.lineage == lineage and not copy.is_damaged:
            source = manifest.source
            start, end = lsn(source["start_lsn"]), lsn(source["end_lsn"])
            found.append(Base(manifest.id, int(source["timeline"]), start, end, manifest.data_until))
    return sorted(found, key=lambda base: base.since)


def window(base: Base, stretches: Sequence[Stretch], histories: Mapping[int, Sequence[Switch]]) -> Window:
    """The window of one base copy. Without any log it is a single moment. Timelines are followed to the newest one
    that descends from the base's and has log in the vault (as `recovery_target_timeline = 'latest'` does)."""
    timeline = _latest(base, stretches, histories)
    path = _path(base, timeline, histories)
    position, until, used = base.end, base.since, []
    for one in _in_order(stretches):
        upto = path.get(one.timeline)
        if upto is not None and one.start == one.end <= position:
            until = max(until, one.until)
            continue
        if upto is None or one.end <= position or one.start >= upto:
            continue
        if one.start > position:
            break
        used.append(one)
        position, until = min(one.end, upto), max(until, one.until)
    return Window(base, base.since, until, timeline, position, tuple(used), _gap(position, stretches, path))


def choose(windows: Iterable[Window], at: datetime) -> Window | None:
    """The window that reaches `at` with the least log to replay: the newest base copy before it."""
    fitting = [one for one in windows if one.since <= at <= one.until]
    return max(fitting, key=lambda one: one.since, default=None)


def _in_order(stretches: Sequence[Stretch]) -> list[Stretch]:
    """By position; where a whole segment and its pieces are both there, the whole one comes first and covers them."""
    return sorted(stretches, key=lambda one: (one.start, one.timeline, -one.end))


def _latest(base: Base, stretches: Sequence[Stretch], histories: Mapping[int, Sequence[Switch]]) -> int:
    present = {one.timeline for one in stretches}
    heirs = [line for line, told in histories.items() if line in present and _descends(base, told)]
    return max([base.timeline, *heirs])


def _descends(base: Base, switches: Sequence[Switch]) -> bool:
    """True when the timeline left the base's timeline at or after the base copy's end."""
    return any(switch.parent == base.timeline and switch.position >= base.end for switch in switches)


def _path(base: Base, timeline: int, histories: Mapping[int, Sequence[Switch]]) -> dict[int, int]:
    """Up to which position each timeline is followed."""
    path = {switch.parent: switch.position for switch in histories.get(timeline, ()) if switch.parent >= base.timeline}
    return {**path, timeline: 1 << 64}


def _gap(position: int, stretches: Sequence[Stretch], path: Mapping[int, int]) -> str:
    behind = [
        one for one in stretches if one.timeline in path and one.start > position and one.start < path[one.timeline]
    ]
    if not behind:
        return ""
    first = min(one.start for one in behind)
    return f"log is missing from {show(position)} to {show(first)}"
