"""Bringing back what was copied with GNU tar: into a new or empty directory, here or on a host, and images into Docker.

Nothing is unpacked over anything. A new directory is filled under a temporary name beside its place and renamed when it
is whole; an empty one that is there already (a mount point, a fresh volume) holds the file OUTLIVE-RESTORE-INCOMPLETE
until it is whole. SQLite databases are put in place first, so that tar, coming after, gives every directory its owner,
mode and times.
"""

from __future__ import annotations

import json
import posixpath
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from outlive.backup.layout import INVENTORY
from outlive.backup.unseal import unseal, unseal_all
from outlive.commands import files as words
from outlive.commands import tar
from outlive.commands.tar_stream import BadTar, Listing, TarReader
from outlive.errors import CopyDamaged, OutliveError, Refused, RestoreFailed, UsageError
from outlive.model.copy import Manifest, Stream
from outlive.sources.images import IMAGES
from outlive.sources.tarball import FILES, listing_facts
from outlive.transport.base import Completed, Running, Shell, describe
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity

STEP_SECONDS = 600
END_SECONDS = 1800  # the last of the data may still be on its way to a slow disk

SEE_README = "The RESTORE.md beside the copy says what to do with it."

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back. `warnings`: what the target could not keep (owners without root, ACLs, attributes)."""

    files: int
    bytes: int
    seconds: float
    warnings: tuple[str, ...] = ()


def restore_tar(
    vault: Vault,
    manifest: Manifest,
    identities: Sequence[Identity],
    shell: Shell,
    target: str,
    *,
    on_progress: Progress = lambda plain: None,
) -> Restored:
    """Unpacks a copy of kind docker_volume, path or config into the directory `target` (absolute) on `shell`.

    Raises `Refused` when something is there already; `CopyDamaged`, `WrongKey` and the vault's errors when the copy
    cannot be read whole; `RestoreFailed` when the target could not take it. After an error nothing at `target` looks
    like a restored directory.
    """
    if not target.startswith("/"):
        raise UsageError(f"The target {target!r} is not an absolute path.")
    if manifest.stream(FILES) is None:
        raise UsageError(f"A copy of kind {manifest.kind} is not unpacked into a directory.", hint=SEE_README)
    began = time.monotonic()
    reading = _Reading(vault, manifest, identities, on_progress)
    inventory = reading.inventory()
    with _claimed(shell, target) as place:
        for database in inventory["sqlite"]:
            _put_database(reading, shell, place, database)
        listing, said = _unpack(reading, shell, place)
        _compare(listing, inventory["tar"])
        _run(shell, words.finish(place.claim), "the restored files could not be put in place")
    files = listing.files + len(inventory["sqlite"])
    return Restored(files, reading.bytes, time.monotonic() - began, _warnings(said))


def restore_images(
    vault: Vault,
    manifest: Manifest,
    identities: Sequence[Identity],
    shell: Shell,
    *,
    on_progress: Progress = lambda plain: None,
) -> Restored:
    """Loads the images of a copy of kind images into the Docker of `shell`. An image that is there already stays."""
    began = time.monotonic()
    reading = _Reading(vault, manifest, identities, on_progress)
    images = reading.inventory()["images"]
    completed = _feed(shell, words.load_images(), reading.chunks(IMAGES))
    if completed.status != 0:
        raise RestoreFailed(f"{shell.name}: docker load: {_said(completed)}")
    return Restored(len(images), reading.bytes, time.monotonic() - began)


class _Reading:
    """The streams of one copy; counts what was read."""

    def __init__(self, vault: Vault, manifest: Manifest, identities: Sequence[Identity], on_progress: Progress) -> None:
        self._vault = vault
        self._manifest = manifest
        self._identities = identities
        self._on_progress = on_progress
        self.bytes = 0

    def inventory(self) -> dict[str, Any]:
        inventory: dict[str, Any] = json.loads(
            unseal_all(self._vault, self._manifest, self._stream(INVENTORY), self._identities)
        )
        return inventory

    def chunks(self, name: str) -> Iterator[bytes]:
        for chunk in unseal(self._vault, self._manifest, self._stream(name), self._identities, self._on_progress):
            self.bytes += len(chunk)
            yield chunk

    def _stream(self, name: str) -> Stream:
        stream = self._manifest.stream(name)
        if stream is None:
            raise CopyDamaged(f"copy {self._manifest.id} has no {name}.")
        return stream


@dataclass(frozen=True, slots=True)
class _Place:
    """A claimed target: the directory to unpack into, and what turns it into the finished one."""

    directory: str
    claim: words.Claim
    as_root: bool


@contextmanager
def _claimed(shell: Shell, target: str) -> Iterator[_Place]:
    """Claims the target; when the body fails, what was unpacked is removed or stays marked as incomplete."""
    asked = shell.run(words.claim(target), timeout_seconds=STEP_SECONDS)
    if asked.status == words.TAKEN:
        raise Refused(f"{shell.name}:{target} {asked.stderr.strip()}.", hint="Name a new or an empty directory.")
    if asked.status != 0:
        raise RestoreFailed(f"{shell.name}:{target}: {_said(asked)}")
    try:
        claim = words.read_claim(target, asked.text)
    except ValueError as error:
        raise RestoreFailed(f"{shell.name}:{target}: {error}") from error
    try:
        yield _Place(claim.directory, claim, claim.as_root)
    except BaseException:
        with suppress(OutliveError):  # the first error is the one to tell; what stays behind is marked
            shell.run(words.give_up(claim), timeout_seconds=STEP_SECONDS)
        raise


def _unpack(reading: _Reading, shell: Shell, place: _Place) -> tuple[Listing, str]:
    reader = TarReader()
    completed = _feed(shell, tar.extract(place.directory, as_root=place.as_root), _watched(reading, reader))
    if completed.status != 0:
        raise RestoreFailed(f"{shell.name}: tar: {_said(completed)}")
    try:
        return reader.close(), completed.stderr
    except BadTar as error:
        raise CopyDamaged(f"{FILES}: {error}.") from error


def _watched(reading: _Reading, reader: TarReader) -> Iterator[bytes]:
    try:
        for chunk in reading.chunks(FILES):
            reader.feed(chunk)
            yield chunk
    except BadTar as error:
        raise CopyDamaged(f"{FILES}: {error}.") from error


def _put_database(reading: _Reading, shell: Shell, place: _Place, entry: dict[str, Any]) -> None:
    path = posixpath.normpath(entry["path"])
    if path.startswith(("/", "..")) or path == ".":
        raise CopyDamaged(f"the inventory names a database outside of the copy: {path!r}.")
    owner = (int(entry["uid"]), int(entry["gid"])) if place.as_root else None
    argv = words.put(place.directory, path, mode=int(entry["mode"], 8), owner=owner)
    completed = _feed(shell, argv, reading.chunks(entry["stream"]))
    if completed.status != 0:
        raise RestoreFailed(f"{shell.name}: {path}: {_said(completed)}")


def _feed(shell: Shell, argv: Sequence[str], chunks: Iterable[bytes]) -> Completed:
    """Runs a program on these bytes. When reading them fails, the program is killed and that error is raised."""
    with shell.open(argv, stdin=True) as running:
        assert running.stdin
        if _write_all(running, chunks):
            running.stdin.close()
        for _ in running.chunks():
            pass
        return running.wait(END_SECONDS)


def _write_all(running: Running, chunks: Iterable[bytes]) -> bool:
    """False when the program stopped reading: its exit status says why."""
    assert running.stdin
    for chunk in chunks:
        view = memoryview(chunk)
        while view:
            try:
                view = view[running.stdin.write(view) :]
            except BrokenPipeError:
                return False
    return True


def _compare(listing: Listing, wanted: dict[str, Any]) -> None:
    if (got := listing_facts(listing)) != wanted:
        raise CopyDamaged(f"what was unpacked is not what the inventory says: {got} instead of {wanted}.")


def _run(shell: Shell, argv: Sequence[str], what: str) -> None:
    completed = shell.run(argv, timeout_seconds=STEP_SECONDS)
    if completed.status != 0:
        raise RestoreFailed(f"{shell.name}: {what}: {_said(completed)}")


def _said(completed: Completed) -> str:
    lines = [line.strip() for line in completed.stderr.splitlines() if line.strip()]
    return " | ".join(lines[-4:]) or describe(completed.status)


def _warnings(stderr: str) -> tuple[str, ...]:
    said = tar.read_complaints(stderr).others
    if not said:
        return ()
    return (f"tar had {len(said)} complaints: the target may lack owners, ACLs or attributes. The first: {said[0]}",)
