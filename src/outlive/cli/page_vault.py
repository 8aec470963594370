"""What the page shows of the vault."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from outlive.backup.copies import catalog
from outlive.backup.drill.key_drill import last_key_drill
from outlive.backup.drill.log_proof import last_log_proof
from outlive.cli.copies import listed
from outlive.config.schema import Settings
from outlive.model.asset import Asset
from outlive.model.copy import Proof, ProofRecord
from outlive.vault.base import Vault

READERS = 8


def copies_document(vault: Vault, asset: str) -> dict[str, Any]:
    """As `copies ASSET --json`, and every drill that is remembered, oldest first."""
    listing = catalog.listing(vault, asset)
    records = [one for copy in listing.copies for one in copy.proofs if one.level is Proof.RESTORED]
    if (log := last_log_proof(vault, asset)) is not None and not log.ok:
        records.append(log)
    drills = [_drill(one) for one in sorted(records, key=lambda record: record.at)]
    return {**listed(vault, [listing]), "drills": drills}


def vault_document(settings: Settings, vault: Vault) -> dict[str, Any]:
    with ThreadPoolExecutor(READERS) as pool:
        assets = list(pool.map(lambda asset: _asset(vault, asset), settings.assets))
    lock = settings.vault.lock_days
    return {
        "url": vault.url,
        "lock_days": lock,
        "lock_mode": settings.vault.lock_mode if lock else None,
        "recipients": list(settings.keys.recipients),
        "key_drill": last_key_drill(vault),
        "mirror": settings.mirror.url if settings.mirror else None,
        "assets": assets,
    }


def _asset(vault: Vault, asset: Asset) -> dict[str, Any]:
    manifests = [one.manifest for one in catalog.listing(vault, asset.name).copies]
    return {
        "asset": asset.name,
        "copies": len(manifests),
        "stored_bytes": sum(one.stored_bytes for one in manifests),
        "oldest": min((one.data_until for one in manifests), default=None),
        "newest": max((one.data_until for one in manifests), default=None),
    }


def _drill(one: ProofRecord) -> dict[str, Any]:
    bad = next((check for check in one.checks if check.ok is False), None)
    said = f"{bad.name}: {bad.detail}" if bad else ""
    return {"at": one.at, "ok": one.ok, "copy": one.copy, "rto_seconds": one.rto_seconds, "said": said}
