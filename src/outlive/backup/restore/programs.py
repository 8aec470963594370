"""Postgres' programs for a drill: the production image where Docker has it, else this machine's own of the same major.

A drill in another build than production's would prove less (extensions, collations), so what was used is said in its
result. Servers refuse to run as root; as root we give them the unprivileged user `nobody`.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from outlive.backup.restore.scratch import LABEL, remove_containers
from outlive.commands.postgres import read_version
from outlive.errors import CommandFailed, DrillFailed, OutliveError
from outlive.transport import postgres_programs, process
from outlive.transport.base import Completed

NOBODY = 65534
Hearer = Callable[[bytes], None]


class Programs(Protocol):
    """Runs one of Postgres' programs on files below a drill's folder, as a user that is not root."""

    @property
    def label(self) -> str:
        """Which build this is, for the drill's result."""

    def run(self, argv: Sequence[str], timeout_seconds: float) -> Completed:
        """Runs to the end."""

    def start(self, argv: Sequence[str], *, stdin: bool = False, on_stderr: Hearer | None = None) -> process.Process:
        """Starts a server in the foreground, or a program that is read from, or with `stdin` fed."""


@dataclass(frozen=True, slots=True)
class LocalPrograms:
    """Programs of this machine."""

    folder: Path

    @property
    def label(self) -> str:
        return f"programs of {self.folder}"

    def run(self, argv: Sequence[str], timeout_seconds: float) -> Completed:
        return process.run(self._words(argv), shown=argv, timeout_seconds=timeout_seconds)

    def start(self, argv: Sequence[str], *, stdin: bool = False, on_stderr: Hearer | None = None) -> process.Process:
        return process.Process(self._words(argv), shown=argv, stdin=stdin, on_stderr=on_stderr)

    def must_reach(self, folder: Path) -> None:
        """Raises `DrillFailed` unless the user that they run as can run them and enter the folder: a state folder below
        /root is closed to it, and that is no fault of the copy."""
        for argv in ((str(self.folder / "postgres"), "--version"), ("ls", "-d", f"{folder}/.")):
            done = process.run((*_as_nobody(), *argv), timeout_seconds=20)
            if done.status != 0:
                raise DrillFailed(
                    f"the server's user cannot use {folder if argv[0] == 'ls' else self.folder}: {done.stderr.strip()}",
                    hint="Let others enter the folders above it (chmod o+x), or set `keeper.state` to /var/lib/outlive.",
                )

    def _words(self, argv: Sequence[str]) -> tuple[str, ...]:
        return (*_as_nobody(), str(self.folder / argv[0]), *argv[1:])


def _as_nobody() -> tuple[str, ...]:
    if os.geteuid() != 0:
        return ()
    return ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


@dataclass(frozen=True, slots=True)
class ImagePrograms:
    """Programs of a container image: no network, bounded memory and processors, only the drill's folder mounted."""

    image: str
    folder: Path

    @property
    def label(self) -> str:
        return f"image {self.image}"

    def run(self, argv: Sequence[str], timeout_seconds: float) -> Completed:
        name = _name()
        try:
            return process.run(self._words(name, argv), shown=argv, timeout_seconds=timeout_seconds)
        except BaseException:
            _remove(name)  # killing docker's client leaves the container
            raise

    def start(self, argv: Sequence[str], *, stdin: bool = False, on_stderr: Hearer | None = None) -> process.Process:
        name = _name()
        return _Contained(self._words(name, argv, stdin=stdin), argv, name, stdin, on_stderr)

    def major(self) -> int | None:
        """Of the Postgres in the image: `latest` may be another one here than where the copy came from."""
        try:
            said = self.run(("postgres", "--version"), 60)
        except CommandFailed:
            return None
        return read_version(said.text) if said.status == 0 else None

    def _words(self, name: str, argv: Sequence[str], *, stdin: bool = False) -> tuple[str, ...]:
        limits = ("--network", "none", "--memory", "2g", "--cpus", "2", "--pids-limit", "256", "--shm-size", "256m")
        user = NOBODY if os.geteuid() == 0 else os.geteuid()
        known = ("--volume", "/etc/passwd:/etc/passwd:ro")  # initdb wants a name for the user
        who = ("--user", f"{user}:{user}", *known, "--init", "--pull", "never", "--log-driver", "none")
        mount = ("--volume", f"{self.folder}:{self.folder}", "--label", f"{LABEL}={self.folder}")
        fed = ("--interactive",) if stdin else ()
        run = ("docker", "run", "--rm", *fed, "--name", name, *limits, *who, *mount, "--entrypoint", argv[0])
        return (*run, self.image, *argv[1:])


class _Contained(process.Process):
    """Docker's client; when it is given up, its container goes too."""

    def __init__(
        self, argv: Sequence[str], shown: Sequence[str], name: str, stdin: bool, on_stderr: Hearer | None
    ) -> None:
        self._name = name
        super().__init__(argv, shown=shown, stdin=stdin, on_stderr=on_stderr)

    def __exit__(self, *_: object) -> None:
        asked = self.ended() is None
        super().__exit__()
        if asked:
            _remove(self._name)


def _name() -> str:
    return f"outlive-drill-{secrets.token_hex(4)}"


def _remove(name: str) -> None:
    process.run(("docker", "rm", "--force", "--volumes", name), timeout_seconds=60)


@contextmanager
def choose(image: str | None, major: int, folder: Path, *, fetch: bool) -> Iterator[Programs]:
    """The production image when this machine's Docker has it in that major, else local programs of that major. Nothing
    that was started is left on the way out. Raises `ProgramsMissing`, `DrillFailed`."""
    if image and _has_image(image):
        inside = ImagePrograms(image, folder)
        try:
            if inside.major() == major:
                yield inside
                return
        finally:
            remove_containers(folder)
    local = LocalPrograms(postgres_programs.fetch(major) if fetch else postgres_programs.find(major))
    local.must_reach(folder)
    yield local


def _has_image(image: str) -> bool:
    try:
        return process.run(("docker", "image", "inspect", image), timeout_seconds=20).status == 0
    except OutliveError:
        return False
