"""Databases found among files: told to the person, and SQLite copied through its own backup API.

A copy of a live database's files is worth nothing unless they are all of one moment. Redis, MySQL and Postgres are
therefore reported with what to do instead. SQLite can be copied whole from outside, so it is: its files stay out of
the tar and each database becomes a stream of its own.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from outlive.commands import sqlite
from outlive.commands.tar import excluded
from outlive.errors import SourceFailed
from outlive.sources.place import Place
from outlive.sources.sqlite_copiers import Copiers, SqliteCopy

LOOK_SECONDS = 900

_ADVICE = {
    "redis": "Redis files were found: have it save before the copy (`around.before` = redis-cli save) or stop it "
    "(`around.stop`).",
    "mysql": "MySQL or MariaDB files were found: copied while the server runs they cannot be trusted. Stop it around "
    "the copy (`around.stop`), or dump it into a file before (`around.before`).",
    "postgres": "A Postgres data directory was found: copied while the server runs it cannot be trusted. Guard it as "
    "kind postgres.",
}


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

    @property
    def directories(self) -> tuple[str, ...]:
        """Where the journals of copied databases come and go."""
        return tuple(dict.fromkeys(posixpath.dirname(copy.found.path) for copy in self.copied))

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


def look(
    place: Place, root: str, host_root: str, names: Sequence[str], exclude: Sequence[str], *, at_rest: bool
) -> Inside:
    """Looks for databases in `root` (as `place` sees it; `host_root` on the host). `at_rest`: what writes them is stopped
    around the copy, so their files are good."""
    asked = place.run(sqlite.find(root, names), timeout_seconds=LOOK_SECONDS)
    try:
        every = sqlite.read_find(asked.stdout)
    except ValueError as error:
        raise SourceFailed(f"{place.shell.name}: {error}.") from error
    found = tuple(one for one in every if not excluded(one.path, exclude))
    if at_rest:
        return Inside(found)
    live = [one for one in found if one.kind == "sqlite"]
    copied, left = Copiers(place, host_root).share_out(live) if live else ((), [])
    kinds = Counter(one.kind for one in found)
    warnings = [_ADVICE[kind] for kind in _ADVICE if kinds[kind]]
    return Inside(found, copied, tuple(warnings + left))
