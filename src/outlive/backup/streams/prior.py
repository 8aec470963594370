"""The earlier copy that a new one may build on, looked at before anything is built on it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from outlive.backup.copies import catalog
from outlive.backup.copies.chain import offer
from outlive.backup.copies.layout import copy_folder
from outlive.backup.copies.restore_words_postgres import PG_MANIFEST
from outlive.backup.streams.unseal import unseal_all
from outlive.errors import CopyDamaged, KeysError, WrongKey
from outlive.model.chain import Full, Origin, Prior
from outlive.model.copy import Manifest
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity


def find_prior(
    vault: Vault,
    asset: str,
    origin: Origin,
    recipients: Collection[str],
    identities: Callable[[], Sequence[Identity]],
) -> Prior | Full:
    """What `offer` decides, if all of that chain is still in the vault and a key is here that opens it: the server must
    be shown what it said of the earlier copy. Raises the vault's errors."""
    found = offer(catalog.listing(vault, asset).copies, origin, recipients)
    if isinstance(found, Full):
        return found
    try:
        for member in catalog.chain(vault, found.manifest):
            _all_there(vault, member)
        return _prior(vault, found.manifest, identities())
    except (CopyDamaged, WrongKey) as error:
        return Full(f"copy {found.id} cannot be built on: {error.detail}", True)
    except KeysError as error:
        return Full(f"copy {found.id} cannot be opened: {error.detail} {error.hint}", True)


def _prior(vault: Vault, manifest: Manifest, identities: Sequence[Identity]) -> Prior:
    stream = manifest.stream(PG_MANIFEST)
    if stream is None:
        raise CopyDamaged(f"it has no {PG_MANIFEST}.")
    return Prior(manifest.id, manifest.source["start_lsn"], unseal_all(vault, manifest, stream, identities))


def _all_there(vault: Vault, manifest: Manifest) -> None:
    """Every part, by name and size; nothing is read. Raises `CopyDamaged`."""
    folder = copy_folder(manifest.asset, manifest.id)
    there = {info.key: info.bytes for info in vault.walk(folder)}
    for part in (part for stream in manifest.streams for part in stream.parts):
        if there.get(folder + part.file) != part.bytes:
            raise CopyDamaged(f"{folder}{part.file} is missing or of another size.")
