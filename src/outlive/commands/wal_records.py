"""Where the last whole record of a stretch of log ends: that far, and no less, a replay must come.

Sources: access/xlogrecord.h (24 bytes of header: total length, transaction, previous record, info, resource manager,
checksum) and access/xlog_internal.h (page headers), the same from 14 to 18. Records are aligned to 8 bytes, run over
pages and segments, and are told apart by their lengths alone; their checksums are Postgres' to judge.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from outlive.commands.wal import PAGE_BYTES

_PAGE = struct.Struct("<HHIQI")
_SHORT, _LONG = 24, 40
_LONG_HEADER, _CONTINUES = 0x0002, 0x0001  # xlp_info
_RECORD_BYTES = 24
_SWITCH, _INFO_BITS = 0x40, 0xF0  # XLOG_SWITCH of resource manager 0: the rest of its segment is left empty


@dataclass(frozen=True, slots=True)
class _Header:
    bytes: int
    continues: bool
    rest: int


def last_record_end(data: bytes | memoryview, position: int, segment_bytes: int) -> int | None:
    """The end of the last record that is whole in `data`, which lies at `position` (the beginning of a page). None when
    none ends in it: then it is to be looked for in what comes before."""
    view = memoryview(data)
    for offset in range(len(view) - len(view) % PAGE_BYTES, -1, -PAGE_BYTES):
        header = _header(view, offset)
        if header is None:
            continue
        rest = _aligned(header.rest) if header.continues else 0
        if header.bytes + rest > PAGE_BYTES or offset + header.bytes + rest > len(view):
            continue  # a record that began earlier runs through the whole page, or out of what we have
        begin = offset + header.bytes + rest if rest else offset
        end = _Walk(view, position, segment_bytes).to_the_end(begin)
        if rest or end > begin:  # else an empty page: what came before it may have been a switch of segments
            return position + end
    return None


class _Walk:
    """From record to record."""

    def __init__(self, view: memoryview, position: int, segment_bytes: int) -> None:
        self._view = view
        self._position = position
        self._segment_bytes = segment_bytes

    def to_the_end(self, end: int) -> int:
        """From the end of a record to the end of the last whole one, as offsets in the data."""
        while (following := self._record(end)) is not None:
            end = following
        return end

    def _record(self, offset: int) -> int | None:
        """Where the record that begins at `offset` ends; None when it is not whole."""
        if offset % PAGE_BYTES == 0:
            header = _header(self._view, offset)
            if header is None or header.continues:
                return None
            offset += header.bytes
        length = int.from_bytes(self._view[offset : offset + 4], "little")
        if offset + 4 > len(self._view) or length < _RECORD_BYTES:
            return None
        head, end = self._through(offset, length)
        if end is None:
            return None
        if len(head) == _RECORD_BYTES and head[17] == 0 and head[16] & _INFO_BITS == _SWITCH:
            past = self._position + end
            return end + -past % self._segment_bytes
        return end

    def _through(self, offset: int, left: int) -> tuple[bytes, int | None]:
        """The record's header, and where it ends, over as many pages as it takes."""
        head = b""
        while True:
            room = min(left, PAGE_BYTES - offset % PAGE_BYTES)
            if offset + room > len(self._view):
                return head, None
            head += bytes(self._view[offset : offset + min(room, _RECORD_BYTES - len(head))])
            offset, left = offset + room, left - room
            if left == 0:
                return (
                    head,
                    offset + -offset % 8,
                )  # the data begins with a page: its offsets are aligned as positions are
            header = _header(self._view, offset)
            if header is None or not header.continues or header.rest != left:
                return head, None  # it was never finished: a crash, and the server began anew behind it
            offset += header.bytes


def _header(view: memoryview, offset: int) -> _Header | None:
    if offset + _SHORT > len(view):
        return None
    magic, info, _, _, rest = _PAGE.unpack_from(view, offset)
    if magic == 0:
        return None
    size = _LONG if info & _LONG_HEADER else _SHORT
    return _Header(size, bool(info & _CONTINUES), rest)


def _aligned(length: int) -> int:
    return length + -length % 8
