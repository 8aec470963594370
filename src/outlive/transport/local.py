"""This machine as a host: for the demo, for trials, and for drills, which happen at the keeper."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from outlive.commands.relays import relay
from outlive.transport import process
from outlive.transport.base import Completed


class LocalShell:
    """Runs programs here."""

    def __init__(self, name: str = "local") -> None:
        self.name = name

    def command(self, argv: Sequence[str]) -> tuple[str, ...]:
        return tuple(argv)

    def forward(self, address: str, port: int) -> tuple[str, ...]:
        return (sys.executable, *relay("python3", address, port)[1:])

    def run(self, argv: Sequence[str], *, stdin: bytes | None = None, timeout_seconds: float = 60) -> Completed:
        return process.run(argv, stdin=stdin, timeout_seconds=timeout_seconds)

    def open(self, argv: Sequence[str], *, stdin: bool = False) -> process.Process:
        return process.Process(argv, stdin=stdin)
