"""A host that can be told to run things, and what comes back.

Every child process is ours to wait for: no shell pipe hides an exit status (research: backup.md section 4, row 1).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Protocol

from outlive.errors import CommandFailed

CHUNK_BYTES = 1 << 20
STDERR_BYTES = 64 << 10
AS_ROOT = "Log in as root, or set `sudo = true` for this host when its login may use sudo without a password."


@dataclass(frozen=True, slots=True)
class Completed:
    """A program that has ended: its words, status and the tail of what it complained."""

    argv: tuple[str, ...]
    status: int
    stdout: bytes
    stderr: str

    @property
    def text(self) -> str:
        """Standard output as text; bytes that are not UTF-8 are replaced."""
        return self.stdout.decode("utf-8", "replace")

    def check(self, what: str) -> Completed:
        """Itself when the program succeeded, else raises `CommandFailed` saying `what` was tried and what it said."""
        if self.status != 0:
            raise CommandFailed(f"{what}: {describe(self.status)}{_said(self.stderr)}", hint=cure(self.stderr))
        return self


class Running(Protocol):
    """A program under way. As a context manager it is killed and waited for on the way out, whatever happened."""

    stdin: IO[bytes] | None
    stdout: IO[bytes]

    def __enter__(self) -> Running: ...

    def __exit__(self, *_: object) -> None: ...

    def chunks(self) -> Iterator[bytes]:
        """Standard output in pieces of at most 1 MiB, until it is closed."""

    def wait(self, timeout_seconds: float | None = None) -> Completed:
        """Waits for the end (stdout not included in the answer). Raises `HostUnreachable` and kin for ssh's own 255."""


class Shell(Protocol):
    """A host as something that runs programs. Programs are argument vectors; nothing is ever joined by hand."""

    @property
    def name(self) -> str:
        """The host's name in `outlive.toml`."""

    def command(self, argv: Sequence[str]) -> tuple[str, ...]:
        """The local argument vector that runs `argv` there, stdin and stdout passed through."""

    def forward(self, address: str, port: int) -> tuple[str, ...]:
        """The local argument vector that joins stdin and stdout to a TCP port as seen from the host."""

    def run(self, argv: Sequence[str], *, stdin: bytes | None = None, timeout_seconds: float = 60) -> Completed:
        """Runs to the end and returns whatever status came. Raises `HostUnreachable`, `HostKeyChanged`,
        `LoginRejected` when the host could not be asked, `CommandFailed` after the time-out."""

    def open(self, argv: Sequence[str], *, stdin: bool = False) -> Running:
        """Starts a program whose output (or, with `stdin`, input) is streamed."""


def cure(stderr: str) -> str | None:
    """What helps when a login may not do something; None when that was not the matter."""
    return AS_ROOT if "permission denied" in stderr.lower() else None


def describe(status: int) -> str:
    """An exit status in words; negative statuses are signals, as in `subprocess`."""
    if status < 0:
        return f"killed by signal {-status}"
    if status > 128:
        return f"exit status {status} (signal {status - 128}?)"
    return f"exit status {status}"


def show(argv: Sequence[str]) -> str:
    """A command as a person would type it, shortened."""
    line = shlex.join(argv)
    return line if len(line) <= 160 else f"{line[:157]}..."


def _said(stderr: str) -> str:
    tail = [line.strip() for line in stderr.strip().splitlines() if line.strip()][-4:]
    return f": {' | '.join(tail)}" if tail else ""
