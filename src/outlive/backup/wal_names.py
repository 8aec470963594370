"""Names of write-ahead log in the vault. Pure; docs/format.md tells it to people.

    wal/<asset>/<lineage>/000000010000000000000003.20260207T081502000Z.zst.age                    a whole segment
    wal/<asset>/<lineage>/000000010000000000000003.00A1B000-00A2C000.20260207T081500123Z.zst.age  bytes of one
    wal/<asset>/<lineage>/00000002.history.zst.age                                             where timeline 2 began

A piece's two numbers are offsets in its segment (hexadecimal, the end is not in it); its moment is the one before which
every commit is in the vault once the piece and all before it are. A whole segment has a moment too. A piece whose two
numbers are the same holds nothing: it is a mark that an idle server had written no more by that moment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from outlive.commands.wal import segment_name, segment_start
from outlive.model.naming import check_name

WAL = "wal/"
_SUFFIX = ".zst.age"
_PIECE = re.compile(
    r"(?P<segment>[0-9A-F]{24})(\.(?P<start>[0-9A-F]{8})-(?P<end>[0-9A-F]{8}))?\.(?P<moment>\d{8}T\d{9}Z)\.zst\.age"
)
_HISTORY = re.compile(r"(?P<timeline>[0-9A-F]{8})\.history\.zst\.age")


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


def wal_folder(asset: str, lineage: str) -> str:
    return f"{WAL}{check_name(asset)}/{check_name(lineage)}/"


def stretch_key(folder: str, timeline: int, start: int, end: int, until: datetime, segment_bytes: int) -> str:
    """The key for a stretch, which must lie within one segment."""
    name = segment_name(timeline, start, segment_bytes)
    base = start - start % segment_bytes
    if start == base and end == base + segment_bytes:
        return f"{folder}{name}.{_moment(until)}{_SUFFIX}"
    return f"{folder}{name}.{start - base:08X}-{end - base:08X}.{_moment(until)}{_SUFFIX}"


def history_key(folder: str, timeline: int) -> str:
    return f"{folder}{timeline:08X}.history{_SUFFIX}"


def read_stretch(key: str, segment_bytes: int) -> Stretch | None:
    """What a key stands for; None when it is not a stretch of log."""
    found = _PIECE.fullmatch(key.rpartition("/")[2])
    if found is None:
        return None
    timeline, base = segment_start(found["segment"], segment_bytes)
    until = datetime.strptime(found["moment"], "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)
    if found["start"] is None:
        return Stretch(key, timeline, base, base + segment_bytes, until, True)
    start, end = base + int(found["start"], 16), base + int(found["end"], 16)
    return Stretch(key, timeline, start, end, until, False) if start <= end <= base + segment_bytes else None


def read_history_key(key: str) -> int | None:
    """The timeline that a history object belongs to."""
    found = _HISTORY.fullmatch(key.rpartition("/")[2])
    return int(found["timeline"], 16) if found else None


def _moment(at: datetime) -> str:
    """Milliseconds, rounded down: never later than it was."""
    at = at.astimezone(UTC)
    return f"{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03d}Z"
