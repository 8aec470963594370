"""From the bytes of a log file to its lines, and to the place up to which they go. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from outlive.commands.host_logs import Brought, Wanted
from outlive.commands.log_files import LogLine
from outlive.logs.places import LEAD_BYTES, Place
from outlive.logs.stamps import stamp


@dataclass(frozen=True, slots=True)
class Taken:
    """`place`: behind the last whole line. `ragged`: it lies within a line that is passed over."""

    lines: tuple[bytes, ...]
    place: Place
    ragged: bool


def take(wanted: Wanted, got: Brought, key: bytes, *, ragged: bool, final: bool, longest_bytes: int) -> Taken:
    """`ragged`: it begins within a line that is passed over. What stands behind the last newline is still being written,
    unless it is `final`: then nobody writes there any more. A line that fills a piece of `longest_bytes` or more is passed
    over."""

    def to(end: int, lines: Sequence[bytes] = (), *, within: bool = False) -> Taken:
        before = got.lead[-LEAD_BYTES:] + got.data[:end]
        return Taken(tuple(lines), Place.at(wanted.file, wanted.offset + end, got.head, before, key), within)

    data = got.data
    begin = data.find(b"\n") + 1 if ragged else 0
    if ragged and not begin:
        return to(len(data), within=not final)
    end = len(data) if final else data.rfind(b"\n") + 1
    if end <= begin:
        stuck = not begin and len(data) == wanted.length >= longest_bytes
        return to(len(data), within=True) if stuck else to(begin)
    return to(end, data[begin:end].removesuffix(b"\n").split(b"\n"))


def dated(
    lines: Sequence[bytes], stream: str, changed_at: datetime, now: datetime, since: datetime | None, zone: timezone
) -> list[LogLine]:
    """`since`: when all before them were read, so that they came after it, and the newest when the file was changed. Without
    that they are as old as they say of themselves, or as the line before them does."""
    newest = min(now, changed_at)
    if since is not None:
        return [LogLine(stream, max(since, newest), one) for one in lines]
    found, at = [], newest
    for one in lines:
        at = min(now, stamp(one, zone) or at)
        found.append(LogLine(stream, at, one))
    return found
