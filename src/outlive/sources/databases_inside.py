"""Databases found among files: told to the person, and SQLite copied through its own backup API.

A copy of a live database's files is worth nothing unless they are all of one moment. Redis, MySQL and Postgres are
therefore reported with what to do instead. SQLite can be copied whole from outside, so it is: its files stay out of
the tar and each database becomes a stream of its own.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from outlive.commands import sqlite
from outlive.commands.tar import excluded
from outlive.errors import SourceFailed
from outlive.sources.guest import Guest, raise_trouble
from outlive.sources.place import Place
from outlive.transport.base import Shell

MAGIC = b"SQLite format 3\0"
MOST = 64  # each is an argument to tar and a stream of its own; more than this is no application's data folder
LOOK_SECONDS = 900
FINISH_SECONDS = 60

_ADVICE = {
    "redis": "Redis files were found: have it save before the copy (`around.before` = redis-cli save) or stop it "
    "(`around.stop`).",
    "mysql": "MySQL or MariaDB files were found: copied while the server runs they cannot be trusted. Stop it around "
    "the copy (`around.stop`), or dump it into a file before (`around.before`).",
    "postgres": "A Postgres data directory was found: copied while the server runs it cannot be trusted. Guard it as "
    "kind postgres.",
}


@dataclass(frozen=True, slots=True)
class SqliteCopy:
    """A SQLite database that becomes the stream `stream`."""

    stream: str
    found: sqlite.Found
    program: str

    def chunks(self, shell: Shell, root: str, running: ExitStack) -> Iterator[bytes]:
        """The database as one transaction saw it. Raises `SourceFailed` when it could not be copied whole."""
        path = posixpath.join(root, self.found.path.removeprefix("./"))
        with running.enter_context(ExitStack()) as own:
            guest = own.enter_context(Guest(shell, sqlite.copy(path, self.program)))
            head, length = b"", 0
            for chunk in guest.chunks():
                head = head or chunk[:100]
                length += len(chunk)
                yield chunk
            completed = guest.wait(FINISH_SECONDS)
        if completed.status != 0:
            raise_trouble(completed, f"{shell.name}: the SQLite database {self.found.path}")
        if not _is_whole(head, length):
            raise SourceFailed(f"{shell.name}: SQLite's copy of {self.found.path} is not whole ({length} bytes).")


@dataclass(frozen=True, slots=True)
class Inside:
    """What was found, and what is done about it."""

    found: tuple[sqlite.Found, ...] = ()
    copied: tuple[SqliteCopy, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def without(self) -> tuple[str, ...]:
        """Paths that stay out of the tar."""
        return tuple(copy.found.path + end for copy in self.copied for end in ("", *sqlite.SIBLINGS))

    def inventory(self) -> dict[str, Any]:
        return {
            "databases": [{"kind": found.kind, "path": found.path} for found in self.found],
            "sqlite": [
                {
                    "stream": copy.stream,
                    "path": copy.found.path,
                    "mode": copy.found.mode,
                    "uid": copy.found.uid,
                    "gid": copy.found.gid,
                }
                for copy in self.copied
            ],
        }


NOTHING = Inside()


def look(place: Place, root: str, names: Sequence[str], exclude: Sequence[str], *, at_rest: bool) -> Inside:
    """Looks for databases. `at_rest`: what writes them is stopped around the copy, so their files are good."""
    asked = place.run(sqlite.find(root, names), timeout_seconds=LOOK_SECONDS)
    try:
        every = sqlite.read_find(asked.stdout)
    except ValueError as error:
        raise SourceFailed(f"{place.shell.name}: {error}.") from error
    found = tuple(one for one in every if not excluded(one.path, exclude))
    if at_rest:
        return Inside(found)
    copied, left = _share_out([one for one in found if one.kind == "sqlite"], place)
    kinds = Counter(one.kind for one in found)
    warnings = [_ADVICE[kind] for kind in _ADVICE if kinds[kind]]
    return Inside(found, copied, tuple(warnings + left))


def _share_out(found: list[sqlite.Found], place: Place) -> tuple[tuple[SqliteCopy, ...], list[str]]:
    """The databases that can be copied through SQLite, and warnings for those that must stay in the tar."""
    if not found:
        return (), []
    if not place.is_host:
        return (), [_torn(len(found), "they can only be reached through a container", "Log in to the host as root")]
    program, room = sqlite.read_programs(place.run(sqlite.programs()).text)
    if program is None:
        return (), [_torn(len(found), "the host has neither sqlite3 nor python3", "Install sqlite3 on the host")]
    fitting = [one for one in found if one.bytes + sqlite.SPARE_BYTES <= room]
    copied = tuple(SqliteCopy(f"sqlite-{n:03d}.db", one, program) for n, one in enumerate(fitting[:MOST]))
    warnings = []
    if small := len(found) - len(fitting):
        reason = f"{sqlite.TEMPORARY} on the host has no room for a second one"
        warnings.append(_torn(small, reason, f"Make room in {sqlite.TEMPORARY}"))
    if more := len(fitting) - len(copied):
        warnings.append(_torn(more, f"there are more than {MOST}", "Guard their folders as assets of their own"))
    return copied, warnings


def _torn(count: int, reason: str, cure: str) -> str:
    return (
        f"{count} SQLite databases were copied as plain files, because {reason}: they may be torn. "
        f"{cure}, or stop what writes them around the copy (`around.stop`)."
    )


def _is_whole(head: bytes, length: int) -> bool:
    """As the file format says (https://www.sqlite.org/fileformat.html, 1.3): magic, page size, pages in the file."""
    page = int.from_bytes(head[16:18], "big")
    page = 65536 if page == 1 else page
    return head.startswith(MAGIC) and page > 0 and length == page * int.from_bytes(head[28:32], "big")
