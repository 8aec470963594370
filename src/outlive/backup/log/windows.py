"""To which moments a cluster can be brought back. Pure.

A window begins with a base copy and ends where the log in the vault ends or has its first gap. A gap is not bridged:
what lies behind it can only be reached from a later base copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Protocol, TypeVar

from outlive.backup.log.wal_names import UNKNOWN, Stretch
from outlive.commands.postgres import lsn
from outlive.commands.wal import Switch, show
from outlive.model.copy import Copy, Manifest

FAR = 1 << 64
_UNITS = {"GB": 1 << 30, "MB": 1 << 20, "kB": 1 << 10}


@dataclass(frozen=True, slots=True)
class Base:
    """What matters of a base copy: where its log begins and ends, on which timeline, and how long segments are."""

    copy: str
    timeline: int
    start: int
    end: int
    since: datetime
    segment_bytes: int


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


@dataclass(frozen=True, slots=True)
class Reached:
    """Where replay ended: the position, and the server's own time of the last commit that it saw, as it printed it (UTC).
    `doubt` says why that may not be the moment that was asked for."""

    position: int
    last_commit: str | None
    doubt: str = ""

    def __str__(self) -> str:
        return f"{show(self.position)}" + (f", last commit {self.last_commit}" if self.last_commit else "")


def segment_bytes(manifest: Manifest) -> int:
    """The size of a log segment of the cluster that was copied (`16MB`, as SHOW wal_segment_size prints it)."""
    text = str(manifest.source["wal_segment_size"])
    return int(text[:-2]) * _UNITS[text[-2:]] if text[-2:] in _UNITS else int(text)


def bases(copies: Iterable[Copy], lineage: str) -> list[Base]:
    """The physical copies of a lineage that are not marked damaged, oldest first."""
    own = (copy for copy in copies if copy.manifest.kind == "postgres" and copy.manifest.lineage == lineage)
    found = [base_of(copy.manifest) for copy in own if not copy.is_damaged]
    return sorted(found, key=lambda base: (base.since, base.copy))


def base_of(manifest: Manifest) -> Base:
    """Of a physical copy. Raises KeyError or ValueError when its manifest does not say what it must."""
    source = manifest.source
    start, end = lsn(source["start_lsn"]), lsn(source["end_lsn"])
    return Base(manifest.id, int(source["timeline"]), start, end, manifest.data_until, segment_bytes(manifest))


class Begun(Protocol):
    """A branch of a lineage's log; None began with the lineage."""

    @property
    def began(self) -> datetime | None: ...


B = TypeVar("B", bound=Begun)


def branch_of(branches: Sequence[B], since: datetime) -> B:
    """The branch (of all, oldest first) that belongs to a base copy of that moment."""
    return [one for one in branches if one.began is None or one.began <= since][-1]


def windows(base: Base, stretches: Sequence[Stretch], switches: Mapping[int, Switch]) -> list[Window]:
    """The windows of one base copy: usually one. `switches` says where each timeline left its parent.

    After a failover there is one along the new timeline, and another when the vault has log of the old one from after
    the switch: commits that the old server had acknowledged and the new one never saw. Without any log a window is a
    single moment.
    """
    present = {one.timeline for one in stretches}
    lines = (base.timeline, *sorted(present - {base.timeline}))
    paths = {line: path for line in lines if (path := _path(base, line, switches)) is not None}
    along = {line: _along(base, line, path, stretches) for line, path in paths.items()}
    found = [one for line, one in along.items() if line == base.timeline or _ends_on(one)]
    kept = [one for one in found if not any(_covers(other, one, paths) for other in found)]
    broken = [one.gap for line, one in along.items() if line != base.timeline and not _ends_on(one) and one.gap]
    return [replace(one, gap=one.gap or broken[-1]) if broken and one is kept[-1] else one for one in kept]


def choose(windows: Iterable[Window], at: datetime) -> Window | None:
    """The window that reaches `at` with the least log to replay: the newest base copy before it; of two timelines the
    newer one, as the server that lives on has it."""
    fitting = [one for one in windows if one.since <= at <= one.until]
    return max(fitting, key=lambda one: (one.since, one.timeline), default=None)


def random_moment(window: Window, random: Random) -> datetime:
    """A moment in the window, to the second where there is room: for drills."""
    seconds = (window.until - window.since).total_seconds()
    return min(window.until, window.since + timedelta(seconds=round(random.uniform(0, seconds))))


def moments_at(window: Window, position: int) -> tuple[datetime, datetime]:
    """Between which two moments, by the keeper's clock, the server had come as far as `position`."""
    before = [one.until for one in window.stretches if one.end <= position and one.until > UNKNOWN]
    after = [one.until for one in window.stretches if one.end > position and one.until > UNKNOWN]
    return max([window.since, *before]), min([*after[:1], window.until])


def _path(base: Base, timeline: int, switches: Mapping[int, Switch]) -> dict[int, int] | None:
    """Up to which position each timeline is followed from the base copy to `timeline`; None when it does not descend
    from the base's, or left it before the base copy was consistent."""
    path = {timeline: FAR}
    while timeline != base.timeline:
        switch = switches.get(timeline)
        if switch is None or switch.parent in path or switch.position < base.end:
            return None
        path[switch.parent] = switch.position
        timeline = switch.parent
    return path


def _along(base: Base, timeline: int, path: Mapping[int, int], stretches: Sequence[Stretch]) -> Window:
    """Postgres reads whole segments: log must be there from the beginning of the one in which the base copy ends, and of a
    new timeline from the beginning of the one in which it left its parent (it begins with a copy of the parent's)."""
    size = base.segment_bytes
    position = base.end - base.end % size
    used: list[Stretch] = []
    until, gap = UNKNOWN, ""
    for line, cap in sorted(path.items(), key=lambda item: item[1]):
        end = cap if line == timeline else cap - cap % size
        run = _run(position, end, [one for one in stretches if one.timeline == line])
        used += run.used
        until, gap, position = run.until if run.until > UNKNOWN else until, run.gap, run.end
        if position < end and line != timeline:
            gap = gap or f"log is missing from {show(position)} on, where timeline {timeline} goes on"
            break
    if position < base.end:
        return Window(base, base.since, base.since, base.timeline, base.end, (), gap)
    return Window(base, base.since, max(until, base.since), timeline, position, tuple(used), gap)


def _ends_on(window: Window) -> bool:
    return bool(window.stretches) and window.stretches[-1].timeline == window.timeline


@dataclass(frozen=True, slots=True)
class _Run:
    used: tuple[Stretch, ...]
    end: int
    until: datetime
    gap: str


def _run(position: int, cap: int, stretches: Sequence[Stretch]) -> _Run:
    """As far as the stretches of one timeline reach from `position` without a gap, at most to `cap`."""
    used: list[Stretch] = []
    until = UNKNOWN
    for one in sorted(stretches, key=_order):
        if one.start >= cap:
            break
        if one.start > position:
            return _Run(tuple(used), position, until, f"log is missing from {show(position)} to {show(one.start)}")
        if one.end > position:
            used.append(one)
        if (one.end > position or one.start == one.end == position) and one.until > UNKNOWN:
            until = one.until
        position = max(position, min(one.end, cap))
    return _Run(tuple(used), position, until, "")


def _order(one: Stretch) -> tuple[object, ...]:
    """By position; first the mark of what came before, then the longest of those that begin at one place: a whole segment
    covers its pieces."""
    return (one.start, one.timeline, one.end > one.start, -one.end, -one.until.timestamp(), one.key)


def _covers(longer: Window, shorter: Window, paths: Mapping[int, Mapping[int, int]]) -> bool:
    """True when the one goes on where the other would end."""
    if longer.timeline == shorter.timeline:
        return False
    upto = paths[longer.timeline].get(shorter.timeline)
    return upto is not None and shorter.end <= upto and longer.end >= shorter.end
