"""When a line was written, as far as it says so itself near its beginning. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timezone, tzinfo

_FIRST_YEAR = 1971  # before it a clock that was never set
_WITHIN = 200  # bytes: what stands further back is what the line speaks of
# ISO 8601 and RFC 3339, also with nginx' slashes, Python's comma and a space; then the Common Log Format's.
_ISO = re.compile(rb"(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,]\d{1,9})? ?(Z|[+-]\d\d:?\d\d)?")
_CLF = re.compile(rb"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def stamp(line: bytes, zone: timezone) -> datetime | None:
    """In UTC; None when it says nothing, or what cannot be. `zone`: for those that name none."""
    near = line[:_WITHIN]
    try:
        at = _iso(near, zone) or _clf(near)
        return at.astimezone(UTC) if at is not None and at.year >= _FIRST_YEAR else None
    except (ValueError, OverflowError):
        return None


def _iso(near: bytes, zone: timezone) -> datetime | None:
    match = _ISO.search(near)
    if match is None:
        return None
    year, month, day, time, told = (part.decode() if part else "" for part in match.groups())
    return datetime.fromisoformat(f"{year}-{month}-{day}T{time}").replace(tzinfo=_zone(told) or zone)


def _zone(text: str) -> tzinfo | None:
    return datetime.fromisoformat(f"2000-01-01T00:00:00{text}").tzinfo if text else None


def _clf(near: bytes) -> datetime | None:
    """Not by `strptime`, which reads the months of the keeper's own language."""
    match = _CLF.search(near)
    if match is None:
        return None
    day, month, rest = match[0].decode().split("/")
    year, time = rest.split(":", 1)
    clock, zone = time.split(" ")
    return datetime.fromisoformat(f"{year}-{_MONTHS.index(month) + 1:02}-{day}T{clock}{zone}")
