"""Which copies there are: read from the vault alone, so that a lost keeper loses no history."""

from __future__ import annotations

from dataclasses import dataclass

from outlive.backup.copies.chain import linked, misfit
from outlive.backup.copies.layout import COPIES, MANIFEST, PROOFS, asset_folder, copy_folder, proof_key
from outlive.backup.copies.manifest import NotAManifest, dump_proof, load_manifest, load_proof
from outlive.errors import CopyDamaged, ObjectExists, ObjectMissing, UsageError
from outlive.model.copy import Copy, Manifest, ProofRecord
from outlive.model.naming import NAME, check_copy_id
from outlive.vault.base import Vault


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An object that stands for a copy, or for a proof of one, and why it cannot be read."""

    key: str
    why: str

    def __str__(self) -> str:
        return f"{self.key} cannot be read: {self.why}"


@dataclass(frozen=True, slots=True)
class Listing:
    """What the vault has of one asset: the copies, oldest commit first, and what of them cannot be read."""

    copies: tuple[Copy, ...]
    unreadable: tuple[Unreadable, ...] = ()

    @property
    def next_sequence(self) -> int:
        """A count that no copy has, be it readable or not (an unreadable one came at most that many after)."""
        newest = max((copy.manifest.sequence for copy in self.copies), default=0)
        return newest + len(self.unreadable) + 1


def assets(vault: Vault) -> list[str]:
    """The names of the assets that the vault has copies (or litter) of. Folders that cannot be ours are passed over."""
    return [name for name in vault.folders(COPIES) if NAME.fullmatch(name) and ".." not in name]


def listing(vault: Vault, asset: str) -> Listing:
    """Everything that the vault has of the asset. Folders without a manifest are litter and not listed.

    One manifest that has rotted must not stand between a person and all other copies, and must not silently vanish
    either: it is in `unreadable`. Whoever deletes must use `copies`, which raises.
    """
    found: list[Copy] = []
    unreadable: list[Unreadable] = []
    for copy_id in vault.folders(asset_folder(asset)):
        try:
            copy, bad_proofs = _read(vault, asset, copy_id)
        except _CannotRead as error:
            unreadable.append(error.what)
            continue
        unreadable += bad_proofs
        found += [copy] if copy else []
    ordered = sorted(found, key=lambda copy: (copy.manifest.sequence, copy.committed_at, copy.id))
    return Listing(linked(ordered), tuple(unreadable))


def copies(vault: Vault, asset: str) -> list[Copy]:
    """The copies of an asset, oldest commit first. Raises `CopyDamaged` when a manifest or proof cannot be read."""
    found = listing(vault, asset)
    if found.unreadable:
        raise CopyDamaged("; ".join(map(str, found.unreadable)))
    return list(found.copies)


def find(vault: Vault, beginning: str) -> Copy:
    """The copy of that id, or unambiguous beginning of one. Raises `UsageError` when there is none or several, and
    `CopyDamaged` when its manifest cannot be read."""
    named = [(asset, one) for asset in assets(vault) for one in vault.folders(asset_folder(asset))]
    meant = [pair for pair in named if pair[1] == beginning] or [p for p in named if p[1].startswith(beginning)]
    try:
        found = [copy for asset, copy_id in meant if (copy := _read(vault, asset, copy_id)[0])]
    except _CannotRead as error:
        raise CopyDamaged(str(error.what)) from error
    if len(found) != 1:
        problem = "No copy has" if not found else f"{len(found)} copies have"
        raise UsageError(f"{problem} the id {beginning!r}.", hint="`outlive copies` lists them.")
    manifest = found[0].manifest
    if manifest.parent is None:
        return found[0]
    return next(copy for copy in listing(vault, manifest.asset).copies if copy.id == manifest.id)


def chain(vault: Vault, manifest: Manifest) -> tuple[Manifest, ...]:
    """The copy and all that it builds on, the full copy first. Raises `CopyDamaged` when one is missing or another."""
    row = [manifest]
    while (parent := row[-1].parent) is not None:
        try:
            key = copy_folder(manifest.asset, check_copy_id(parent)) + MANIFEST
            found = _read_manifest(vault, key, manifest.asset, parent)
        except (_CannotRead, ValueError) as error:
            raise CopyDamaged(
                f"copy {row[-1].id} builds on copy {parent}, which is missing or cannot be read."
            ) from error
        if why := misfit(row[-1], found):
            raise CopyDamaged(f"copy {row[-1].id} does not build on copy {parent}: {why}.")
        row.append(found)
    return tuple(reversed(row))


def add_proof(vault: Vault, proof: ProofRecord) -> None:
    """Puts the outcome of a verification or drill beside the copy."""
    try:
        vault.put(proof_key(proof.asset, proof.copy, proof.level, proof.at), dump_proof(proof))
    except ObjectExists:  # the same outcome of the same microsecond: it is there
        return


class _CannotRead(Exception):
    """A manifest that is there and is none."""

    def __init__(self, key: str, why: object) -> None:
        super().__init__(key)
        self.what = Unreadable(key, str(why))


def _read(vault: Vault, asset: str, copy_id: str) -> tuple[Copy | None, list[Unreadable]]:
    """The copy in that folder, None when it has no manifest, and the proofs that could not be read."""
    folder = copy_folder(asset, copy_id)
    info = next((info for info in vault.walk(folder) if info.key == folder + MANIFEST), None)
    if info is None:
        return None, []
    manifest = _read_manifest(vault, info.key, asset, copy_id)
    proofs, unreadable = _read_proofs(vault, asset, copy_id)
    return Copy(manifest, info.modified_at, tuple(proofs)), unreadable


def _read_manifest(vault: Vault, key: str, asset: str, copy_id: str) -> Manifest:
    try:
        manifest = load_manifest(vault.get(key))
    except (NotAManifest, ObjectMissing) as error:
        raise _CannotRead(key, error) from error
    if (manifest.asset, manifest.id) != (asset, copy_id):
        raise _CannotRead(key, f"it is the manifest of {manifest.asset}/{manifest.id}, put in a foreign place")
    return manifest


def _read_proofs(vault: Vault, asset: str, copy_id: str) -> tuple[list[ProofRecord], list[Unreadable]]:
    """What verifications and drills found, oldest first."""
    found: list[ProofRecord] = []
    unreadable: list[Unreadable] = []
    for info in vault.walk(f"{PROOFS}{asset}/{copy_id}/"):
        try:
            proof = load_proof(vault.get(info.key))
        except (NotAManifest, ObjectMissing) as error:
            unreadable.append(Unreadable(info.key, str(error)))
            continue
        if (proof.asset, proof.copy) == (asset, copy_id):
            found.append(proof)
        else:
            unreadable.append(Unreadable(info.key, f"it is a proof of {proof.asset}/{proof.copy}"))
    return found, unreadable
