"""Where a restore goes: a new directory here or on another host, a Postgres server, or a Docker engine. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from outlive.errors import UsageError


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

    dsn: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DockerTarget:
    """The Docker engine of a host, for images: `address` as in `SshTarget`, None for this machine."""

    address: str | None


_CONNINFO = re.compile(r"\s*(?:host|hostaddr|dbname|user|service|port|password)\s*=")
Target = DirectoryTarget | SshTarget | DsnTarget | DockerTarget
_HERE = "docker://"


def parse_target(text: str) -> Target:
    """`/new/dir`, `ssh://user@host/new/dir`, `postgresql://...` or `host=... dbname=...`; `ssh://user@host` or `docker://`
    for a Docker engine. Raises `UsageError`."""
    if text.startswith(("postgresql://", "postgres://")) or _CONNINFO.match(text):
        return DsnTarget(text)
    if text == _HERE:
        return DockerTarget(None)
    if text.startswith("ssh://"):
        parts = urlsplit(text)
        path = PurePosixPath(unquote(parts.path))
        if not parts.netloc:
            raise UsageError(f"{text!r} names no host.", hint="Write ssh://user@host/path/of/a/new/directory.")
        address = f"ssh://{parts.netloc}"
        return SshTarget(address, path) if len(path.parts) > 1 else DockerTarget(address)
    if "://" in text or not text:  # not shown: an address may hold a password
        raise UsageError(
            "that is no place for a restore.", hint="Name a new directory, ssh://host/path, or a postgresql:// DSN."
        )
    return DirectoryTarget(PurePosixPath(text))
