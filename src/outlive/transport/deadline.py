"""A host that is asked many things, all of which together may take only so long."""

from __future__ import annotations

import time
from collections.abc import Sequence

from outlive.errors import CommandFailed
from outlive.transport.base import Completed, Running, Shell


class DeadlineShell:
    """The same host; from `seconds` after its making on, every program is ended (`CommandFailed`) and none is begun.
    `was_cut` says afterwards that something was not heard to its end."""

    def __init__(self, shell: Shell, seconds: float) -> None:
        self._shell = shell
        self._end = time.monotonic() + seconds
        self.was_cut = False

    @property
    def name(self) -> str:
        return self._shell.name

    def command(self, argv: Sequence[str]) -> tuple[str, ...]:
        return self._shell.command(argv)

    def forward(self, address: str, port: int) -> tuple[str, ...]:
        return self._shell.forward(address, port)

    def run(self, argv: Sequence[str], *, stdin: bytes | None = None, timeout_seconds: float = 60) -> Completed:
        left = self._end - time.monotonic()
        if left <= 0:
            self.was_cut = True
            raise CommandFailed("no time is left to ask.")
        try:
            return self._shell.run(argv, stdin=stdin, timeout_seconds=min(left, timeout_seconds))
        except CommandFailed:
            self.was_cut = self.was_cut or time.monotonic() >= self._end
            raise

    def open(self, argv: Sequence[str], *, stdin: bool = False) -> Running:
        return self._shell.open(argv, stdin=stdin)
