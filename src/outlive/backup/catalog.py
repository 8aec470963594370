"""Which copies there are: read from the vault alone, so that a lost keeper loses no history."""

from __future__ import annotations

from outlive.backup.layout import COPIES, MANIFEST, PROOFS, asset_folder, copy_folder, proof_key
from outlive.backup.manifest import NotAManifest, dump_proof, load_manifest, load_proof
from outlive.errors import CopyDamaged, ObjectExists, ObjectMissing, UsageError
from outlive.model.copy import Copy, Manifest, ProofRecord
from outlive.vault.base import Vault


def assets(vault: Vault) -> list[str]:
    """The names of the assets that the vault has copies (or litter) of."""
    return vault.folders(COPIES)


def copies(vault: Vault, asset: str) -> list[Copy]:
    """The copies of an asset, oldest commit first. Folders without a manifest are litter and not listed.

    Raises `CopyDamaged` for a manifest that cannot be read: what it stood for must not silently vanish from the list.
    """
    found = []
    for copy_id in vault.folders(asset_folder(asset)):
        folder = copy_folder(asset, copy_id)
        infos = {info.key: info for info in vault.walk(folder)}
        info = infos.get(folder + MANIFEST)
        if info is None:
            continue
        manifest = _read_manifest(vault, info.key, asset, copy_id)
        found.append(Copy(manifest, info.modified_at, tuple(proofs(vault, asset, copy_id))))
    return sorted(found, key=lambda copy: (copy.manifest.sequence, copy.committed_at, copy.id))


def find(vault: Vault, copy_id: str) -> Copy:
    """The copy of that id (or unambiguous beginning of one). Raises `UsageError` when there is none or several."""
    found = [copy for asset in assets(vault) for copy in copies(vault, asset) if copy.id.startswith(copy_id)]
    if len(found) != 1:
        problem = "No copy has" if not found else f"{len(found)} copies have"
        raise UsageError(f"{problem} the id {copy_id!r}.", hint="`outlive copies` lists them.")
    return found[0]


def proofs(vault: Vault, asset: str, copy_id: str) -> list[ProofRecord]:
    """What verifications and drills found, oldest first."""
    keys = [info.key for info in vault.walk(f"{PROOFS}{asset}/{copy_id}/")]
    try:
        return [load_proof(vault.get(key)) for key in keys]
    except NotAManifest as error:
        raise CopyDamaged(f"a proof of {copy_id} cannot be read: {error}") from error


def add_proof(vault: Vault, proof: ProofRecord) -> None:
    """Puts the outcome of a verification or drill beside the copy."""
    try:
        vault.put(proof_key(proof.asset, proof.copy, proof.level, proof.at), dump_proof(proof))
    except ObjectExists:  # the same outcome of the same microsecond: it is there
        return


def _read_manifest(vault: Vault, key: str, asset: str, copy_id: str) -> Manifest:
    try:
        manifest = load_manifest(vault.get(key))
    except (NotAManifest, ObjectMissing) as error:
        raise CopyDamaged(f"{key} cannot be read: {error}") from error
    if (manifest.asset, manifest.id) != (asset, copy_id):
        raise CopyDamaged(f"{key} is the manifest of {manifest.asset}/{manifest.id}: it was put in a foreign place.")
    return manifest
