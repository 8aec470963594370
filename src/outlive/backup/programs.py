"""Postgres' programs for a drill: the production image where Docker has it, else this machine's own of the same major.

A drill in another build than production's would prove less (extensions, collations), so what was used is said in its
result. Servers refuse to run as root; as root we give them the unprivileged user `nobody`.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from outlive.errors import OutliveError
from outlive.transport import postgres_programs, process
from outlive.transport.base import Completed

NOBODY = 65534


class Programs(Protocol):
    """Runs one of Postgres' programs on files below a drill's folder, as a user that is not root."""

    @property
    def label(self) -> str:
        """Which build this is, for the drill's result."""

    def run(self, argv: Sequence[str], timeout_seconds: float) -> Completed:
        """Runs to the end."""

    def start(self, argv: Sequence[str]) -> process.Process:
        """Starts a server in the foreground."""


@dataclass(frozen=True, slots=True)
class LocalPrograms:
    """Programs of this machine."""

    folder: Path

    @property
    def label(self) -> str:
        return f"programs of {self.folder}"

    def run(self, argv: Sequence[str], timeout_seconds: float) -> Completed:
        return process.run(self._words(argv), shown=argv, timeout_seconds=timeout_seconds)

    def start(self, argv: Sequence[str]) -> process.Process:
        return process.Process(self._words(argv), shown=argv)

    def _words(self, argv: Sequence[str]) -> tuple[str, ...]:
        program = (str(self.folder / argv[0]), *argv[1:])
        if os.geteuid() != 0:
            return program
        return ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *program)


@dataclass(frozen=True, slots=True)
class ImagePrograms:
    """Programs of a container image: no network, bounded memory and processors, only the drill's folder mounted."""

    image: str
    folder: Path

    @property
    def label(self) -> str:
        return f"image {self.image}"

    def run(self, argv: Sequence[str], timeout_seconds: float) -> Completed:
        return process.run(self._words(argv), shown=argv, timeout_seconds=timeout_seconds)

    def start(self, argv: Sequence[str]) -> process.Process:
        return process.Process(self._words(argv), shown=argv)

    def _words(self, argv: Sequence[str]) -> tuple[str, ...]:
        name = f"outlive-drill-{secrets.token_hex(4)}"
        limits = ("--network", "none", "--memory", "2g", "--cpus", "2", "--pids-limit", "256", "--shm-size", "256m")
        user = NOBODY if os.geteuid() == 0 else os.geteuid()
        who = ("--user", f"{user}:{user}", "--init")
        mount = ("--volume", f"{self.folder}:{self.folder}")
        run = ("docker", "run", "--rm", "--name", name, *limits, *who, *mount, "--entrypoint", argv[0])
        return (*run, self.image, *argv[1:])


def choose(image: str | None, major: int, folder: Path, *, fetch: bool) -> Programs:
    """The production image when this machine's Docker has it, else local programs of that major."""
    if image and _has_image(image):
        return ImagePrograms(image, folder)
    return LocalPrograms(postgres_programs.fetch(major) if fetch else postgres_programs.find(major))


def _has_image(image: str) -> bool:
    try:
        return process.run(("docker", "image", "inspect", image), timeout_seconds=20).status == 0
    except OutliveError:
        return False
