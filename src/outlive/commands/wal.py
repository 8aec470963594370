"""Write-ahead log as it travels: positions, segment names, page headers, and the messages of a replication stream.

Sources: Postgres documentation, "Streaming Replication Protocol" (messages `w`, `k`, `r`); access/xlog_internal.h
(names and page headers, unchanged from 14 to 18 but for the magic). Positions are 64-bit byte offsets.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

PAGE_BYTES = 8192
_HEADER = struct.Struct("<HHIQI")  # magic, info, timeline, page address, length of what is left of a record
_LONG = struct.Struct("<QII")  # system identifier, segment size, page size; after 4 bytes of padding
_LONG_HEADER = 0x0002  # XLP_LONG_HEADER: the first page of a segment
_DATA = struct.Struct(">cQQQ")
_KEEPALIVE = struct.Struct(">cQQB")
_STATUS = struct.Struct(">cQQQQB")
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

SEGMENT = re.compile(r"[0-9A-F]{24}")
HISTORY = re.compile(r"([0-9A-F]{8})\.history")


@dataclass(frozen=True, slots=True)
class Data:
    """Bytes of the log that begin at `start`; `server_end` is how far the server had flushed when it sent them."""

    start: int
    server_end: int
    data: memoryview


@dataclass(frozen=True, slots=True)
class Keepalive:
    """How far the server has *sent* (walsender.c fills in sentPtr, whatever the documentation says: it is no answer to
    how far it has written); `wants_reply` when it will hang up without an answer soon."""

    server_end: int
    wants_reply: bool


def read_message(message: memoryview) -> Data | Keepalive:
    """One message of the stream. Raises ValueError for anything else."""
    kind = bytes(message[:1])
    if kind == b"w" and len(message) >= _DATA.size:
        _, start, end, _ = _DATA.unpack_from(message)
        return Data(start, end, message[_DATA.size :])
    if kind == b"k" and len(message) >= _KEEPALIVE.size:
        _, end, _, reply = _KEEPALIVE.unpack_from(message)
        return Keepalive(end, bool(reply))
    raise ValueError(f"the server sent a message of an unknown kind {kind!r}")


def owner(position: int, timeline: int, history: tuple[Switch, ...]) -> int:
    """The timeline that `position` belongs to on the way to `timeline`, whose history is given (oldest first)."""
    return next((switch.parent for switch in history if position < switch.position), timeline)


def status(*, written: int, durable: int, now: datetime, want_reply: bool) -> bytes:
    """The client's status. Flushed and applied are what is durable in the vault: the server may then forget it."""
    microseconds = (now - _EPOCH) // timedelta(microseconds=1)
    return _STATUS.pack(b"r", written, durable, durable, microseconds, want_reply)


def show(position: int) -> str:
    """`0/16B3748`."""
    return f"{position >> 32:X}/{position & 0xFFFFFFFF:X}"


def segment_name(timeline: int, position: int, segment_bytes: int) -> str:
    """The name of the segment that holds `position`."""
    number = position // segment_bytes
    per_id = (1 << 32) // segment_bytes
    return f"{timeline:08X}{number // per_id:08X}{number % per_id:08X}"


def segment_start(name: str, segment_bytes: int) -> tuple[int, int]:
    """Timeline and first position of a segment. Raises ValueError."""
    if not SEGMENT.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of a WAL segment")
    per_id = (1 << 32) // segment_bytes
    if int(name[16:], 16) >= per_id:
        raise ValueError(f"{name!r} is not the name of a segment of {segment_bytes} bytes")
    number = int(name[8:16], 16) * per_id + int(name[16:], 16)
    return int(name[:8], 16), number * segment_bytes


def check_pages(data: bytes | memoryview, position: int, timeline: int, system_identifier: int) -> str | None:
    """What is wrong with the pages that begin in `data`, or None. Every page names its own address and timeline, and
    the first of a segment the cluster: bytes that were swapped, shifted or come from elsewhere do not pass.

    A page of a timeline older than `timeline` is right: a new timeline begins with a copy of the old one's segment.
    Pages of zeros are right: they fill a segment that was left early (pg_switch_wal).
    """
    view = memoryview(data)
    offset = -position % PAGE_BYTES
    while offset + _HEADER.size <= len(view):
        _, info, page_timeline, address, _ = _HEADER.unpack_from(view, offset)
        if not bytes(view[offset : offset + PAGE_BYTES]).strip(b"\0"):
            offset += PAGE_BYTES
            continue
        if address != position + offset:
            return f"the page at {show(position + offset)} says it is {show(address)}"
        if page_timeline > timeline:
            return f"the page at {show(position + offset)} is of timeline {page_timeline}, not {timeline}"
        if info & _LONG_HEADER and offset + 40 <= len(view):
            identifier, _, _ = _LONG.unpack_from(view, offset + 24)
            if identifier != system_identifier:
                return f"the page at {show(position + offset)} is of cluster {identifier}, not {system_identifier}"
        offset += PAGE_BYTES
    return None


@dataclass(frozen=True, slots=True)
class Switch:
    """Where a timeline left its parent: `parent` was followed up to `position`."""

    parent: int
    position: int


def read_history(text: str) -> tuple[Switch, ...]:
    """A `.history` file: `parent<TAB>X/Y<TAB>why` lines, oldest first; comments and blank lines are passed over."""
    switches = []
    for line in text.splitlines():
        words = line.split("\t") if "\t" in line else line.split()
        if len(words) >= 2 and words[0].strip().isdigit():
            high, _, low = words[1].partition("/")
            switches.append(Switch(int(words[0]), (int(high, 16) << 32) + int(low, 16)))
    return tuple(switches)
