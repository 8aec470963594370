"""Markdown, small and safe: what strangers wrote stays text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")


def plain(text: str) -> str:
    """On one line, with nothing in it that Markdown or HTML would read."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def span(length: timedelta) -> str:
    minutes = max(0, int(length.total_seconds() // 60))
    if minutes < 1:
        return f"{max(0, length.total_seconds()):.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def bullets(lines: Iterable[str], otherwise: str) -> list[str]:
    found = [f"- {line}" for line in lines]
    return found or [otherwise]


def table(head: Sequence[str], rows: Sequence[Sequence[str]], otherwise: str) -> list[str]:
    """Cells must be `plain` already."""
    if not rows:
        return [otherwise]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows)]
