"""Until when everything of a host is in copies whose restore a drill has proven."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from outlive.backup.copies import catalog
from outlive.model.asset import Asset
from outlive.model.copy import Proof
from outlive.vault.base import Vault


def proven_until(vault: Vault, assets: Iterable[Asset]) -> datetime | None:
    """Every write before it is in such a copy; None when that is not so of every asset. Raises the vault's errors."""
    newest = []
    for asset in assets:
        proven = [
            one for one in catalog.copies(vault, asset.name) if one.proof is Proof.RESTORED and not one.is_damaged
        ]
        if not proven:
            return None
        newest.append(max(one.manifest.data_until for one in proven))
    return min(newest, default=None)
