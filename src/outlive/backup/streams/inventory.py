"""What was there when the copy was taken: its encrypted inventory."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from outlive.backup.copies.layout import INVENTORY
from outlive.backup.streams.unseal import unseal_all
from outlive.errors import CopyDamaged
from outlive.model.copy import Manifest
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity


def read_inventory(vault: Vault, manifest: Manifest, identities: Sequence[Identity]) -> dict[str, Any]:
    """The inventory. Raises `CopyDamaged` when the copy has none or it does not open."""
    stream = manifest.stream(INVENTORY)
    if stream is None:
        raise CopyDamaged(f"{manifest.id} has no inventory.")
    found: dict[str, Any] = json.loads(unseal_all(vault, manifest, stream, identities))
    return found
