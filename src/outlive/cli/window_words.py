"""Windows, told to people and to machines. Pure."""

from __future__ import annotations

from typing import Any

from outlive.backup.log.windows import Window
from outlive.cli.words import moment


def window_document(window: Window) -> dict[str, Any]:
    """What every command says of a window."""
    return {"from": window.since, "to": window.until, "base": window.base.copy, "gap": window.gap or None}


def window_line(window: Window) -> str:
    """From which moment to which, and where it is broken."""
    line = f"any second from {moment(window.since)} to {moment(window.until)}, after {window.base.copy}"
    if window.timeline != window.base.timeline:
        line += f", along timeline {window.timeline}"
    return f"{line}; BROKEN there: {window.gap}" if window.gap else line
