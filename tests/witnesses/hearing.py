"""What a witness of logs hears, line by line."""

from __future__ import annotations

from typing import Any

import pytest

from outlive.commands.log_files import LogLine
from outlive.logs.ear import Ear


def overheard(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The texts of all lines that any ear will have heard from now on, in order."""
    heard: list[bytes] = []
    hear = Ear.hear

    def listen(ear: Ear, lines: list[LogLine], *more: Any, **named: Any) -> None:
        heard.extend(one.text for one in lines)
        hear(ear, lines, *more, **named)

    monkeypatch.setattr(Ear, "hear", listen)
    return heard
