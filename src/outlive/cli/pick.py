"""Which copy is meant: by id, else the newest whole one."""

from __future__ import annotations

from outlive.backup import catalog
from outlive.errors import CopyDamaged, UsageError
from outlive.model.copy import Copy
from outlive.vault.base import Vault


def newest(vault: Vault, asset: str) -> Copy:
    """The newest copy that is not marked damaged. Raises `UsageError` when there is none at all."""
    found = catalog.copies(vault, asset)
    if not found:
        raise UsageError(f"there is no copy of {asset!r}.", hint="`outlive copies` lists what there is.")
    whole = [copy for copy in found if not copy.is_damaged]
    if not whole:
        raise CopyDamaged(
            f"every copy of {asset!r} is marked damaged.", hint="Name one with --copy to use it all the same."
        )
    return whole[-1]


def chosen(vault: Vault, asset: str, copy_id: str | None) -> Copy:
    """The copy of that id, which must be one of the asset, else the newest."""
    if copy_id is None:
        return newest(vault, asset)
    copy = catalog.find(vault, copy_id)
    if copy.manifest.asset != asset:
        raise UsageError(f"copy {copy.id} is one of {copy.manifest.asset!r}, not of {asset!r}.")
    return copy
