"""A second vault that holds the same copies, byte for byte: for the day on which the first one is gone, or not to be
trusted.

Every part is checked against its manifest's SHA-256 while it is read, so what has rotted in the vault is held back and
told, never passed on; and read again after it was put. The manifest goes last: a copy exists in the mirror when it is
whole there. A run that was cut goes on where it stood. Nothing that the vault lost or deleted is deleted here; the
mirror has its own pruning (`outlive prune --from mirror`), and what that deleted is not brought again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from outlive.backup.copies import catalog
from outlive.backup.copies.acceptance import LINEAGES
from outlive.backup.copies.chain import parents_first
from outlive.backup.copies.layout import MANIFEST, PROOFS, README, SUMS, copy_folder
from outlive.backup.copies.manifest import NotAManifest, load_manifest, load_proof, sums
from outlive.backup.copies.restore_md import restore_md
from outlive.backup.streams.seal import LYING_VAULT
from outlive.backup.streams.unseal import fetch
from outlive.backup.upkeep.log_retention import unneeded
from outlive.backup.upkeep.mirror_log import mirror_log
from outlive.backup.upkeep.prune import tombstone_key
from outlive.backup.upkeep.prune_log import list_branches
from outlive.errors import CopyDamaged, ObjectExists, ObjectMissing, VaultFailed
from outlive.model.copy import Copy, Manifest, Part, Proof, ProofRecord
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity

WORKERS = 2  # so many parts are in memory at once
Progress = Callable[[int], None]


@dataclass(slots=True)
class Mirrored:
    """What a run did for one asset. `copies` came to exist in the mirror; `held_back` are objects of the vault that are
    not what was written, or contradict the mirror, with why."""

    asset: str
    copies: list[str] = field(default_factory=list)
    present: int = 0
    objects: int = 0
    bytes: int = 0
    held_back: list[tuple[str, str]] = field(default_factory=list)

    def put(self, size: int) -> None:
        self.objects += 1
        self.bytes += size


def mirror(
    source: Vault,
    target: Vault,
    asset: str,
    identities: Sequence[Identity] = (),
    on_progress: Progress = lambda stored: None,
) -> Mirrored:
    """Copies what the mirror lacks of one asset, the newest copy first, but before it what it builds on; then proofs,
    accepted lineages and log. With `identities` log is opened before it is passed on. Raises either vault's errors: call
    again, it goes on."""
    done = Mirrored(asset)
    here, there = catalog.listing(source, asset), catalog.listing(target, asset)
    done.held_back += [(one.key, one.why) for one in here.unreadable]
    done.held_back += [(one.key, f"in the mirror: {one.why}") for one in there.unreadable]
    known = {copy.id: copy.manifest for copy in there.copies}
    unreadable = {one.key for one in there.unreadable}
    for copy in parents_first(here.copies):
        parent = copy.manifest.parent
        if copy.id in known:
            done.present += 1
            _compare(copy, known[copy.id], done)
        elif copy_folder(asset, copy.id) + MANIFEST in unreadable or _deleted_there(target, copy):
            continue
        elif parent is not None and parent not in {*known, *done.copies}:
            why = f"copy {parent}, on which it builds, is not in the mirror"
            done.held_back.append((copy_folder(asset, copy.id), why))
        else:
            _copy(source, target, copy.manifest, done, on_progress)
    arrived = {*known, *done.copies}
    _notes(source, target, asset, [copy for copy in here.copies if copy.id in arrived], done)
    mirrored = [*there.copies, *(copy for copy in here.copies if copy.id in done.copies)]
    _log(source, target, here.copies, mirrored, identities, done)
    return done


def _log(
    source: Vault,
    target: Vault,
    copies: Sequence[Copy],
    mirrored: Sequence[Copy],
    identities: Sequence[Identity],
    done: Mirrored,
) -> None:
    """All but what the mirror's own pruning would let go at once, because every copy there is younger."""
    old = unneeded(list_branches(source, done.asset, copies), mirrored)
    mirror_log(source, target, copies, identities, old, done.put, lambda key, why: done.held_back.append((key, why)))


def _compare(copy: Copy, mirrored: Manifest, done: Mirrored) -> None:
    if copy.manifest != mirrored:
        key = copy_folder(copy.manifest.asset, copy.id) + MANIFEST
        done.held_back.append((key, "the mirror has another manifest of this copy; one of the two was changed"))


def _deleted_there(target: Vault, copy: Copy) -> bool:
    """The mirror's own pruning has let it go."""
    key = tombstone_key(copy.manifest.asset, copy.id)
    return any(info.key == key for info in target.walk(key.rpartition("/")[0] + "/"))


def _copy(source: Vault, target: Vault, manifest: Manifest, done: Mirrored, on_progress: Progress) -> None:
    folder = copy_folder(manifest.asset, manifest.id)
    try:
        last = _small_objects(source, manifest)
        sizes = _parts(source, target, manifest, on_progress)
    except CopyDamaged as error:
        done.held_back.append((folder, error.detail))
        return
    for size in sizes:
        done.put(size)
    for file, data in last.items():
        _put(target, folder + file, data)
        done.put(len(data))
    done.copies.append(manifest.id)


def _small_objects(source: Vault, manifest: Manifest) -> dict[str, bytes]:
    """SHA256SUMS, RESTORE.md and the manifest as the vault has them, in the order in which they are put."""
    folder = copy_folder(manifest.asset, manifest.id)
    try:
        found = {file: source.get(folder + file) for file in (SUMS, MANIFEST)}
        if found[SUMS] != sums(manifest):
            raise CopyDamaged(f"{folder}{SUMS} does not agree with the manifest.")
        if load_manifest(found[MANIFEST]) != manifest:
            raise CopyDamaged(f"{folder}{MANIFEST} is not the one that was listed.")
        return {SUMS: found[SUMS], README: _readme(source, manifest), MANIFEST: found[MANIFEST]}
    except ObjectMissing as error:
        raise CopyDamaged(f"{error.detail} is missing.") from error
    except NotAManifest as error:
        raise CopyDamaged(f"{folder}{MANIFEST} cannot be read: {error}.") from error


def _readme(source: Vault, manifest: Manifest) -> bytes:
    """Words without a checksum: made anew from the manifest, so that nothing that has rotted is passed on; as they are
    where this version has no words for such a copy. Raises `ObjectMissing` when there are none at all."""
    try:
        return restore_md(manifest, catalog.chain(source, manifest)[:-1]).encode()
    except (ValueError, KeyError):
        return source.get(copy_folder(manifest.asset, manifest.id) + README)


def _parts(source: Vault, target: Vault, manifest: Manifest, on_progress: Progress) -> list[int]:
    """Puts every part that is not there; the sizes of those that were put. All are durable and checked when it returns."""
    folder = copy_folder(manifest.asset, manifest.id)
    there = {info.key for info in target.walk(folder)}

    def one(part: Part) -> int:
        put = _part(source, target, folder + part.file, part, is_there=folder + part.file in there)
        on_progress(part.bytes)
        return part.bytes if put else 0

    pool = ThreadPoolExecutor(WORKERS, "mirror")
    try:
        return [size for size in pool.map(one, _all_parts(manifest)) if size]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _all_parts(manifest: Manifest) -> Iterable[Part]:
    return (part for stream in manifest.streams for part in stream.parts)


def _part(source: Vault, target: Vault, key: str, part: Part, *, is_there: bool) -> bool:
    """Whether it had to be put. What a cut run left is read again; what is not right is put anew."""
    if is_there:
        try:
            fetch(target, key, part)
        except CopyDamaged:
            target.delete(key)  # no manifest in the mirror names it yet
        else:
            return False
    _put(target, key, fetch(source, key, part))
    return True


def _put(target: Vault, key: str, data: bytes) -> None:
    """Puts and reads back. An object that is there already must be the same."""
    try:
        target.put(key, data)
    except ObjectExists:
        if target.holds(key, data):
            return
        target.delete(key)  # of a run that was cut, and not right
        target.put(key, data)
    if not target.holds(key, data):
        target.delete(key)
        raise VaultFailed(f"{key}: what was read back from the mirror is not what was written.", hint=LYING_VAULT)


# --- notes -------------------------------------------------------------------------------------------------------------


def _notes(source: Vault, target: Vault, asset: str, copies: Sequence[Copy], done: Mirrored) -> None:
    """Proofs and accepted lineages that the mirror lacks. They are never changed, so a key that is there is left."""
    prefixes = [f"{LINEAGES}{asset}/", *(f"{PROOFS}{asset}/{copy.id}/" for copy in copies)]
    for prefix in prefixes:
        there = {info.key for info in target.walk(prefix)}
        for info in source.walk(prefix):
            if info.key in there:
                continue
            data = source.get(info.key)
            if prefix.startswith(PROOFS) and not _passed_on(data, info.key, done):
                continue
            target.put(info.key, data)
            done.put(len(data))


def _passed_on(data: bytes, key: str, done: Mirrored) -> bool:
    try:
        record = load_proof(data)
    except NotAManifest as error:
        done.held_back.append((key, str(error)))
        return False
    return holds_for_mirror(record)


def holds_for_mirror(record: ProofRecord) -> bool:
    """A green proof is about bytes that the mirror has too. A red one that is about the vault's bytes (a verification, or
    a drill that could not read them) says nothing of the mirror's, which were compared with the manifest on their way."""
    if record.ok:
        return True
    about_bytes = any(check.name == "restore" and check.ok is False for check in record.checks)
    return record.level is Proof.RESTORED and not about_bytes
