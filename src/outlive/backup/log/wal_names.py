"""Names of write-ahead log in the vault. Pure; docs/format.md tells it to people.

    wal/<asset>/<lineage>/000000010000000000000003.20260207T081502000Z.zst.age                    a whole segment
    wal/<asset>/<lineage>/000000010000000000000003.00A1B000-00A2C000.20260207T081500123Z.zst.age  bytes of one
    wal/<asset>/<lineage>/00000002.00000001-0000000003A1B2C8.history.zst.age                   the history of timeline 2
    wal/<asset>/<lineage>/after-20260207T081502000Z/...                                        the same, of another branch

A piece's two numbers are offsets in its segment (hexadecimal, the end is not in it); its moment is the one before which
every commit is in the vault once the piece and all before it are. A whole segment has a moment too. A piece whose two
numbers are the same holds nothing: it is a mark that an idle server had written no more by that moment. The name of a
history says which timeline it left, and where. A branch is log that was written after the server had been put back to an
earlier state without a new timeline (a snapshot of its disk): its positions were used before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from outlive.commands.wal import Switch, segment_name, segment_start
from outlive.model.naming import check_name

WAL = "wal/"
_SUFFIX = ".zst.age"
_PIECE = re.compile(
    r"(?P<segment>[0-9A-F]{24})(\.(?P<start>[0-9A-F]{8})-(?P<end>[0-9A-F]{8}))?\.(?P<moment>\d{8}T\d{9}Z)\.zst\.age"
)
_HISTORY = re.compile(
    r"(?P<timeline>[0-9A-F]{8})\.(?P<parent>[0-9A-F]{8})-(?P<position>[0-9A-F]{16})\.history\.zst\.age"
)
_BRANCH = re.compile(r"after-(?P<moment>\d{8}T\d{9}Z)")
UNKNOWN = datetime(2000, 1, 1, tzinfo=UTC)  # the moment of log that nobody has asked about


@dataclass(frozen=True, slots=True)
class Stretch:
    """Log from `start` to `end` (not in it) of one timeline, as one object of the vault. `until`: every commit before
    that moment is in it or in what comes before it. `whole` when it is a segment from end to end."""

    key: str
    timeline: int
    start: int
    end: int
    until: datetime
    whole: bool


@dataclass(frozen=True, slots=True)
class History:
    """A timeline, and where it left its parent."""

    key: str
    timeline: int
    switch: Switch


def wal_folder(asset: str, lineage: str) -> str:
    return f"{WAL}{check_name(asset)}/{check_name(lineage)}/"


def branch_folder(folder: str, at: datetime) -> str:
    """The folder of a branch of a lineage's log that began at that moment."""
    return f"{folder}after-{_moment(at)}/"


def read_branch(key: str) -> datetime | None:
    """When the branch began that a key belongs to; None for the lineage's first."""
    found = _BRANCH.fullmatch(key.split("/")[-2])
    try:
        return _read_moment(found["moment"]) if found else None
    except ValueError:
        return None


def stretch_key(folder: str, timeline: int, start: int, end: int, until: datetime, segment_bytes: int) -> str:
    """The key for a stretch, which must lie within one segment."""
    name = segment_name(timeline, start, segment_bytes)
    base = start - start % segment_bytes
    if start == base and end == base + segment_bytes:
        return f"{folder}{name}.{_moment(until)}{_SUFFIX}"
    return f"{folder}{name}.{start - base:08X}-{end - base:08X}.{_moment(until)}{_SUFFIX}"


def history_key(folder: str, timeline: int, switch: Switch) -> str:
    return f"{folder}{timeline:08X}.{switch.parent:08X}-{switch.position:016X}.history{_SUFFIX}"


def read_stretch(key: str, segment_bytes: int) -> Stretch | None:
    """What a key stands for; None when it is not a stretch of log."""
    found = _PIECE.fullmatch(key.rpartition("/")[2])
    if found is None:
        return None
    try:
        timeline, base = segment_start(found["segment"], segment_bytes)
        until = _read_moment(found["moment"])
    except ValueError:  # of segments of another size; a 31st of February
        return None
    if found["start"] is None:
        return Stretch(key, timeline, base, base + segment_bytes, until, True)
    start, end = base + int(found["start"], 16), base + int(found["end"], 16)
    return Stretch(key, timeline, start, end, until, False) if start <= end <= base + segment_bytes else None


def read_history_key(key: str) -> History | None:
    """What the name of a history says; None when it is none."""
    found = _HISTORY.fullmatch(key.rpartition("/")[2])
    if found is None:
        return None
    switch = Switch(int(found["parent"], 16), int(found["position"], 16))
    return History(key, int(found["timeline"], 16), switch)


def is_log(key: str) -> bool:
    """Whether the key is one of ours: a stretch of log, however long its segments are, or a history."""
    name = key.rpartition("/")[2]
    return bool(_PIECE.fullmatch(name) or _HISTORY.fullmatch(name))


def _read_moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)


def _moment(at: datetime) -> str:
    """Milliseconds, rounded down: never later than it was."""
    at = at.astimezone(UTC)
    return f"{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03d}Z"
