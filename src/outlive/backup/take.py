"""Taking one copy, from end to end: parts first, then SHA256SUMS and RESTORE.md, the manifest last."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import outlive
from outlive.backup.copies import catalog, keepsake
from outlive.backup.copies.chain import ancestors, by_id
from outlive.backup.copies.layout import INVENTORY, MANIFEST, README, SUMS, copy_folder, new_copy_id
from outlive.backup.copies.lock import only_one
from outlive.backup.copies.manifest import dump_manifest, sums
from outlive.backup.copies.restore_md import restore_md
from outlive.backup.streams.journal import Journal
from outlive.backup.streams.seal import LYING_VAULT, Sealer, SealPolicy
from outlive.clock import Clock
from outlive.errors import NoData, VaultFailed
from outlive.model.asset import Asset
from outlive.model.copy import Manifest
from outlive.sources.base import Outcome, RawStream, Source
from outlive.vault.base import Vault


@dataclass(frozen=True, slots=True)
class Taken:
    """A copy that now exists, and how many of its parts an earlier, cut run had already sent."""

    manifest: Manifest
    reused_parts: int


def take(
    asset: Asset,
    source: Source,
    vault: Vault,
    policy: SealPolicy,
    *,
    state: Path,
    clock: Clock,
    keeper: Mapping[str, str] | None = None,
) -> Taken:
    """Copies the asset into the vault. When it returns, the copy exists and is durable; when it raises, earlier copies
    are as they were and none was added (or a whole one, when only the vault's last answer was lost).
    `state` is the keeper's folder for locks and journals; `keeper` are its own files, by name, that go into the encrypted
    inventory (`copies/keepsake.py`). Raises `Busy` while another process copies the asset."""
    started_at = clock.now()
    recipients = tuple(str(recipient) for recipient in policy.recipients)
    with only_one(state / "locks", f"backup of {asset.name}"):
        listing = catalog.listing(vault, asset.name)
        copy_id = new_copy_id(started_at)
        journal = Journal(vault, state / "unfinished", asset.name, copy_id, recipients)
        try:
            with source.capture() as capture:
                folder = copy_folder(asset.name, copy_id)
                with Sealer(vault, folder, policy, journal) as sealer:
                    streams = [sealer.seal(raw) for raw in capture.streams()]
                    outcome = capture.finish()
                    streams.append(sealer.seal(RawStream(INVENTORY, [_inventory(outcome, keeper or {})])))
                manifest = Manifest(
                    id=copy_id,
                    asset=asset.name,
                    kind=asset.kind,
                    host=asset.host,
                    lineage=capture.lineage.id,
                    sequence=listing.next_sequence,
                    started_at=started_at,
                    data_until=outcome.data_until,
                    finished_at=clock.now(),
                    streams=tuple(streams),
                    recipients=recipients,
                    source={**outcome.source, "lineage": capture.lineage.facts},
                    warnings=outcome.warnings,
                    tool=f"outlive {outlive.__version__}",
                    parent=outcome.parent,
                )
                _commit(vault, folder, manifest, ancestors(manifest, by_id(listing.copies)))
        finally:
            journal.close()
        journal.finish()
    return Taken(manifest, journal.reused)


def _inventory(outcome: Outcome, keeper: Mapping[str, str]) -> bytes:
    return json.dumps(keepsake.kept(outcome.inventory, keeper), indent=1, default=_plain).encode() + b"\n"


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} does not belong in an inventory")


def _commit(vault: Vault, folder: str, manifest: Manifest, earlier: Sequence[Manifest]) -> None:
    """The order is the promise: whatever has no manifest is litter."""
    _put(vault, folder + SUMS, sums(manifest))
    _put(vault, folder + README, restore_md(manifest, earlier).encode())
    _put(vault, folder + MANIFEST, dump_manifest(manifest))


def _put(vault: Vault, key: str, data: bytes) -> None:
    """Puts and reads back. What is not there as it was given must not stand for anything: it is deleted again."""
    vault.put(key, data)
    if not vault.holds(key, data):
        with suppress(VaultFailed, NoData):
            vault.delete(key)
        raise VaultFailed(f"{key}: what was read back is not what was written.", hint=LYING_VAULT)
