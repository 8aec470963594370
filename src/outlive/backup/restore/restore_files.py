"""Bringing back what was copied with GNU tar: into a new or empty directory, here or on a host.

Nothing is unpacked over anything (`claim.py`). SQLite databases are put in place first, so that tar, coming after, gives
every directory its owner, mode and times.
"""

from __future__ import annotations

import json
import posixpath
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from outlive.backup.copies.layout import INVENTORY
from outlive.backup.restore.claim import claimed, last_words
from outlive.backup.restore.pour import feed
from outlive.backup.streams.unseal import unseal, unseal_all
from outlive.commands import files as words
from outlive.commands import tar
from outlive.commands.tar_stream import BadTar, Listing, TarReader
from outlive.errors import CopyDamaged, RestoreFailed, UsageError
from outlive.model.copy import Manifest, Stream
from outlive.sources.tarball import FILES, listing_facts
from outlive.transport.base import Shell
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity

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
    with claimed(shell, target) as place:
        for database in inventory["sqlite"]:
            _put_database(reading, shell, place, database)
        listing, said = _unpack(reading, shell, place)
        _compare(listing, inventory["tar"])
    files = listing.files + len(inventory["sqlite"])
    return Restored(files, reading.bytes, time.monotonic() - began, _warnings(said))


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


def _unpack(reading: _Reading, shell: Shell, place: words.Claim) -> tuple[Listing, str]:
    reader = TarReader()
    running = shell.open(tar.extract(place.directory, as_root=place.as_root), stdin=True)
    completed = feed(_watched(reading, reader), running)
    if completed.status != 0:
        raise RestoreFailed(f"{shell.name}: tar: {last_words(completed)}")
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


def _put_database(reading: _Reading, shell: Shell, place: words.Claim, entry: dict[str, Any]) -> None:
    path = posixpath.normpath(entry["path"])
    if path.startswith(("/", "..")) or path == ".":
        raise CopyDamaged(f"the inventory names a database outside of the copy: {path!r}.")
    owner = (int(entry["uid"]), int(entry["gid"])) if place.as_root else None
    argv = words.put(place.directory, path, mode=int(entry["mode"], 8), owner=owner)
    completed = feed(reading.chunks(entry["stream"]), shell.open(argv, stdin=True))
    if completed.status != 0:
        raise RestoreFailed(f"{shell.name}: {path}: {last_words(completed)}")


def _compare(listing: Listing, wanted: dict[str, Any]) -> None:
    if (got := listing_facts(listing)) != wanted:
        raise CopyDamaged(f"what was unpacked is not what the inventory says: {got} instead of {wanted}.")


def _warnings(stderr: str) -> tuple[str, ...]:
    said = tar.read_complaints(stderr).others
    if not said:
        return ()
    return (f"tar had {len(said)} complaints: the target may lack owners, ACLs or attributes. The first: {said[0]}",)
