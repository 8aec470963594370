"""Where a restore goes: a new directory here, a directory on another host, or a Postgres server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from outlive.errors import Refused, RestoreFailed, UsageError
from outlive.transport.base import Shell


@dataclass(frozen=True, slots=True)
class DirectoryTarget:
    """A directory on this machine."""

    path: PurePosixPath


@dataclass(frozen=True, slots=True)
class SshTarget:
    """A directory on another host: `address` as SSH knows it, or the name of a host in `outlive.toml`."""

    address: str
    path: PurePosixPath


@dataclass(frozen=True, slots=True)
class DsnTarget:
    """A Postgres server. The DSN may hold a password: it is never shown."""

    dsn: str


Target = DirectoryTarget | SshTarget | DsnTarget


def parse_target(text: str) -> Target:
    """`/new/dir`, `ssh://user@host/new/dir`, `postgresql://...`. Raises `UsageError`."""
    if text.startswith(("postgresql://", "postgres://")):
        return DsnTarget(text)
    if text.startswith("ssh://"):
        parts = urlsplit(text)
        path = PurePosixPath(unquote(parts.path))
        if not parts.netloc or len(path.parts) < 2:
            raise UsageError(f"{text!r} names no directory.", hint="Write ssh://user@host/path/of/a/new/directory.")
        return SshTarget(f"ssh://{parts.netloc}", path)
    if "://" in text or not text:
        raise UsageError(
            f"{text!r} is not a target.", hint="Name a new directory, ssh://host/path, or a postgresql:// DSN."
        )
    return DirectoryTarget(PurePosixPath(text))


def must_be_empty(shell: Shell, path: str) -> None:
    """Raises `Refused` unless nothing is at `path`, or an empty directory. Nothing is changed."""
    script = 'if [ -e "$1" ] || [ -L "$1" ]; then [ -d "$1" ] && [ -z "$(ls -A -- "$1")" ] || exit 9; fi'
    status = shell.run(("sh", "-c", script, "sh", path)).status
    if status == 9:
        raise Refused(f"{path} on {shell.name} is not empty; nothing was touched.", hint=EMPTY)
    if status != 0:
        raise RestoreFailed(f"{path} on {shell.name} cannot be looked at (exit status {status}).")


EMPTY = "Name a directory that does not exist yet, or an empty one. Existing data is never written over."
