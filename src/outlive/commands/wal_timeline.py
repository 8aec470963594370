"""Whether log that is said to be of a timeline was really written on it."""

from __future__ import annotations

import struct

from outlive.commands.wal import PAGE_BYTES, show

_HEADER = struct.Struct("<HHIQ")  # magic, info, timeline, page address (access/xlog_internal.h)


def stale_page(data: bytes | memoryview, position: int, timeline: int, began: int) -> str | None:
    """What is wrong, or None: from the page in which `timeline` began (`began`), every page must say that it is of it.

    A page before that is the parent's; the page of the switch itself may be either's. Without this, the log that a dead
    primary wrote after the promotion passes for the new timeline's: same addresses, same cluster.
    """
    view = memoryview(data)
    offset = -position % PAGE_BYTES
    while offset + _HEADER.size <= len(view):
        magic, _, page_timeline, _ = _HEADER.unpack_from(view, offset)
        if magic and position + offset >= began and page_timeline != timeline:
            return f"the page at {show(position + offset)} is of timeline {page_timeline}, not {timeline}"
        offset += PAGE_BYTES
    return None
