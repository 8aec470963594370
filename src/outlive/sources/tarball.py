"""What the tar kinds share: a tar of some names on a host as a stream that is known to be whole.

Streams of a copy of kind `docker_volume`, `path` or `config`, in the order in which they are taken:

    sqlite-000.db, sqlite-001.db, ...   SQLite databases found inside, each a whole database file (see
                                        `databases_inside`); first, so that files which a row names are in the tar
    files.tar                           GNU tar, pax format; names are relative to the asset's root and begin with "./"
                                        (kind config: relative to "/", so `etc/caddy/Caddyfile`)
    inventory.json                      (as in every copy)

Kind `images` has `images.tar`, what `docker save` printed.

inventory.json of these kinds:

    {"root": "/var/lib/docker/volumes/app_uploads/_data",     where it was read on the host
     "consistency": "stopped" | "hook" | "live",
     "tar": {"members": 12, "files": 9, "directories": 3, "bytes": 4711, "names_sha256": "..."},
     "said": ["tar: ..."],                                    what else tar said
     "changed": ["tar: ./log: file changed as we read it"],   files that changed or vanished while they were read
     "left_out": ["./proc"],                                  mounts without data of their own
     "databases": [{"kind": "redis", "path": "./dump.rdb"}],  found inside, SQLite included
     "sqlite": [{"stream": "sqlite-000.db", "path": "./data/app.db", "mode": "640", "uid": 1000, "gid": 1000}]}

By hand: unpack files.tar into an empty directory, then put each sqlite stream at its `path` with that mode and owner.

The manifest, which is in clear, names no file: its `source` has `consistency`, `tar` (what tar says of its version),
`members` and `sqlite` (how many of each), and for images their names, ids and digests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from outlive.clock import Clock
from outlive.commands import around, tar
from outlive.commands.tar_stream import BadTar, Listing, TarReader
from outlive.errors import SourceFailed
from outlive.model.asset import Hook
from outlive.sources import containers, databases_inside
from outlive.sources.base import Lineage, Outcome, RawStream
from outlive.sources.guest import Guest, raise_trouble
from outlive.sources.place import Place
from outlive.transport.base import Completed

FILES = "files.tar"
FINISH_SECONDS = 900  # services may take their time to start again


@dataclass(frozen=True, slots=True, kw_only=True)
class TarJob:
    """What is to be archived. `root` is the directory as `place` sees it, `host_root` as a person on the host does."""

    place: Place
    root: str
    host_root: str
    names: tuple[str, ...] = (".",)
    exclude: tuple[str, ...] = ()
    hook: Hook = field(default_factory=Hook)
    look_inside: bool = True


def lineage(prefix: str, facts: dict[str, str], *unshown: str) -> Lineage:
    """`vol-<16 hexadecimal digits>` over the facts, and over what is not to stand in the clear manifest."""
    told = [f"{key}={facts[key]}" for key in sorted(facts)]
    digest = hashlib.sha256("\0".join([*told, *unshown]).encode("utf-8", "surrogateescape")).hexdigest()
    return Lineage(f"{prefix}-{digest[:16]}", facts)


@contextmanager
def capture(job: TarJob, thing: Lineage, clock: Clock) -> Iterator[TarCapture]:
    """Opens a capture; on the way out, what was started for it has ended and what was stopped runs again."""
    stop = containers.running(job.place.shell, job.hook.stop) if job.hook.stop else ()
    left_out = _pseudo_mounts(job) if job.place.is_host else ()
    inside = databases_inside.NOTHING
    if job.look_inside:
        at_rest = bool(job.hook.stop)
        inside = databases_inside.look(job.place, job.root, job.host_root, job.names, job.exclude, at_rest=at_rest)
    with ExitStack() as running:
        yield TarCapture(job, thing, clock, stop, left_out, inside, running)


class TarCapture:
    """One tar (and its SQLite databases) being taken."""

    def __init__(
        self,
        job: TarJob,
        thing: Lineage,
        clock: Clock,
        stop: tuple[str, ...],
        left_out: tuple[str, ...],
        inside: databases_inside.Inside,
        running: ExitStack,
    ) -> None:
        self.lineage = thing
        self._job = job
        self._clock = clock
        self._stop = stop
        self._left_out = left_out
        self._inside = inside
        self._running = running
        self._began: datetime | None = None
        self._listing = Listing()
        self._complaints = tar.Complaints((), ())

    def streams(self) -> Iterator[RawStream]:
        self._began = self._clock.now()
        for database in self._inside.copied:
            yield RawStream(database.stream, database.chunks(self._job.place.shell, self._running))
        yield RawStream(FILES, self._tar())

    def finish(self) -> Outcome:
        assert self._began, "streams are read before finish"
        listing = self._listing
        source = {"consistency": self.consistency, "tar": self._job.place.tar, "members": listing.members}
        return Outcome(
            data_until=self._began,
            source={**source, "sqlite": len(self._inside.copied)},
            inventory={
                "root": self._job.host_root,
                "consistency": self.consistency,
                "tar": listing_facts(listing),
                "changed": list(self._complaints.changed),
                "said": list(self._complaints.others),
                "left_out": list(self._left_out),
                **self._inside.inventory(),
            },
            warnings=(*self._warnings(), *self._inside.warnings),
        )

    @property
    def consistency(self) -> str:
        """How well the files agree with one another."""
        hook = self._job.hook
        return "stopped" if hook.stop else "hook" if hook.before or hook.after else "live"

    def _tar(self) -> Iterator[bytes]:
        job = self._job
        without = (*self._left_out, *self._inside.without)
        words = tar.create(job.root, job.names, exclude=job.exclude, without=without)
        if not job.place.has_gnu_tar:
            words = tar.create_plainly(job.root, exclude=job.exclude)
        hook = job.hook
        argv = around.around((*job.place.words, *words), stop=self._stop, before=hook.before, after=hook.after)
        guest = self._running.enter_context(Guest(job.place.shell, argv))
        self._listing = yield from read_tar(guest)
        completed = guest.wait(FINISH_SECONDS)
        self._complaints = tar.read_complaints(completed.stderr, restless=self._inside.directories)
        self._judge(completed)

    def _judge(self, completed: Completed) -> None:
        changed = tar.read_complaints(completed.stderr).changed
        if completed.status == 0 or (completed.status == tar.CHANGED and changed):
            return
        raise_trouble(completed, self._job.place.shell.name)

    def _warnings(self) -> Iterator[str]:
        if changed := len(self._complaints.changed):
            yield (
                f"{changed} files changed or vanished while they were read; the inventory names them. "
                "Stop what writes them around the copy (`around.stop`) if they belong together."
            )
        if self._left_out:
            yield f"{len(self._left_out)} mounts without data of their own (such as /proc) were left out."
        if not self._job.place.has_gnu_tar:
            yield "No image on the host has GNU tar: ACLs, extended attributes and holes are not in this copy."
        if self._listing.members <= 1 and not self._inside.copied:
            yield "It is empty."


def read_tar(guest: Guest) -> Generator[bytes, None, Listing]:
    """Passes on the archive that `guest` prints, and returns what is in it once it has surely ended well.

    (A generator: `listing = yield from read_tar(guest)`.) Raises `SourceFailed` when what came is no whole archive,
    with the program's own reason when it has one.
    """
    reader = TarReader()
    try:
        for chunk in guest.chunks():
            reader.feed(chunk)
            yield chunk
        return reader.close()
    except BadTar as error:
        guest.check_failure()
        raise SourceFailed(f"{guest.name}: {error}.") from error


def _pseudo_mounts(job: TarJob) -> tuple[str, ...]:
    asked = job.place.run(("cat", "/proc/self/mountinfo"))
    return tar.pseudo_mounts(asked.text, job.root) if job.names == (".",) else ()


def listing_facts(listing: Listing) -> dict[str, Any]:
    return {
        "members": listing.members,
        "files": listing.files,
        "directories": listing.directories,
        "bytes": listing.bytes,
        "names_sha256": listing.names_sha256,
    }
