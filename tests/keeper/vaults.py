"""Copies put into a vault by their manifests alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from outlive.backup.copies.layout import MANIFEST, copy_folder
from outlive.backup.copies.manifest import dump_manifest
from outlive.model.copy import Manifest
from outlive.vault.base import Vault


def manifest(asset: str, copy_id: str, started_at: datetime, **changes: Any) -> Manifest:
    values = {
        "id": copy_id,
        "asset": asset,
        "kind": "path",
        "host": "web-1",
        "lineage": "tree-1",
        "sequence": 1,
        "started_at": started_at,
        "data_until": started_at,
        "finished_at": started_at,
        "streams": (),
        "recipients": (),
    }
    return Manifest(**{**values, **changes})


def put_copy(vault: Vault, asset: str, copy_id: str, *, started_at: datetime, **changes: Any) -> None:
    vault.put(copy_folder(asset, copy_id) + MANIFEST, dump_manifest(manifest(asset, copy_id, started_at, **changes)))
