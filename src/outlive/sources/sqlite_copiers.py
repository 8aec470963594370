"""Who copies a live SQLite database: the host's own sqlite3 or python3, else those of a running container that uses it.

In a container it is done as the container's own user, with the application's rights and no others, into a temporary
folder there.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from outlive.commands import docker, docker_objects, sqlite
from outlive.errors import OutliveError, SourceFailed
from outlive.sources import containers
from outlive.sources.guest import Guest, raise_trouble
from outlive.sources.place import Place
from outlive.transport.base import Shell

MAGIC = b"SQLite format 3\0"
MOST = 64  # each is an argument to tar and a stream of its own; more than this is no application's data folder
FINISH_SECONDS = 60
IN_CONTAINERS = (sqlite.TEMPORARY, "/tmp")


@dataclass(frozen=True, slots=True)
class SqliteCopy:
    """A SQLite database that becomes the stream `stream`: what `argv` prints on the host."""

    stream: str
    found: sqlite.Found
    argv: tuple[str, ...]

    def chunks(self, shell: Shell, running: ExitStack) -> Iterator[bytes]:
        """The database as one transaction saw it. Raises `SourceFailed` when it could not be copied whole."""
        with running.enter_context(ExitStack()) as own:
            guest = own.enter_context(Guest(shell, self.argv))
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
class _Job:
    """A database, where it is seen, by what it can be copied, and the words before the command."""

    found: sqlite.Found
    path: str
    able: sqlite.Able
    words: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        return self.found.bytes + sqlite.SPARE_BYTES <= self.able.free_bytes

    @property
    def argv(self) -> tuple[str, ...]:
        if not self.words:
            return sqlite.copy(self.path, self.able.program)
        return (*self.words, *sqlite.copy_in_container(self.path, self.able.program, self.able.folder))


class Copiers:
    """Finds somebody for each database of a tree that lies at `host_root` on the host."""

    def __init__(self, place: Place, host_root: str) -> None:
        self._place = place
        self._host_root = host_root

    def share_out(self, found: list[sqlite.Found]) -> tuple[tuple[SqliteCopy, ...], list[str]]:
        """The copies to be taken, and warnings for the databases that must stay in the tar."""
        jobs = self._on_host(found) or self._in_containers(found)
        fitting = [job for job in jobs if job.fits]
        chosen = enumerate(fitting[:MOST])
        copied = tuple(SqliteCopy(f"sqlite-{n:03d}.db", job.found, job.argv) for n, job in chosen)
        warnings = []
        if left := len(found) - len(jobs):
            warnings.append(_torn(left, *self._why_nobody()))
        if small := len(jobs) - len(fitting):
            where = f"{sqlite.TEMPORARY} {'in their container' if jobs[0].words else 'on the host'}"
            warnings.append(_torn(small, f"{where} has no room for a second one", "Make room there"))
        if more := len(fitting) - len(copied):
            warnings.append(_torn(more, f"there are more than {MOST}", "Guard their folders as assets of their own"))
        return copied, warnings

    def _on_host(self, found: list[sqlite.Found]) -> list[_Job]:
        if not self._place.is_host:
            return []
        able = sqlite.read_programs(self._place.run(sqlite.programs()).text)
        return [] if able is None else [_Job(one, self._host_path(one), able) for one in found]

    def _in_containers(self, found: list[sqlite.Found]) -> list[_Job]:
        """Each by the first running container that sees it, may write to it, and has a program."""
        jobs: dict[str, _Job] = {}
        for container in self._running():
            left = [one for one in found if one.path not in jobs]
            seen = [(one, path) for one in left if (path := _inside(container, self._host_path(one)))]
            if not seen:
                continue
            words = docker.exec_(container.name, (), stdin=True)
            question = sqlite.programs(IN_CONTAINERS, [path for _, path in seen])
            if able := sqlite.read_programs(self._place.shell.run((*words, *question)).text):
                jobs |= {one.path: _Job(one, path, able, words) for one, path in seen}
        return [jobs[one.path] for one in found if one.path in jobs]

    def _running(self) -> tuple[docker_objects.Container, ...]:
        with suppress(OutliveError):  # no Docker there, or not for this login
            return tuple(one for one in containers.listed(self._place.shell) if one.running)
        return ()

    def _host_path(self, one: sqlite.Found) -> str:
        return posixpath.join(self._host_root, one.path.removeprefix("./"))

    def _why_nobody(self) -> tuple[str, str]:
        if self._place.is_host:
            has = "the host has neither sqlite3 nor python3, and no running container that uses them has"
            return has, "Install sqlite3 on the host"
        has = "this login may not read them where they lie, and no running container that uses them has sqlite3 or python3"
        return has, "Log in as root"


def _inside(container: docker_objects.Container, host_path: str) -> str | None:
    """Where a running container sees the file, writable; by the mount that is nearest to it."""
    nearest = max(
        (one for one in container.mounts if one.source and one.writable and _below(host_path, one.source)),
        key=lambda one: len(one.source),
        default=None,
    )
    if nearest is None:
        return None
    return posixpath.join(nearest.target, posixpath.relpath(host_path, nearest.source)).removesuffix("/.")


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


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
