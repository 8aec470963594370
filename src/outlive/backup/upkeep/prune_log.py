"""Listing and deleting log that no copy needs any more. What goes is decided in `log_retention.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from outlive.backup.log.wal_names import UNKNOWN, WAL, is_log, read_branch, read_stretch, wal_folder
from outlive.backup.log.windows import segment_bytes
from outlive.backup.upkeep.log_retention import Branch, LogDecision, LogObject, decide_log, without_locked
from outlive.model.copy import Copy
from outlive.model.naming import check_name
from outlive.vault.base import ObjectInfo, Vault
from outlive.vault.layers import locked_until


def list_branches(vault: Vault, asset: str, copies: Sequence[Copy]) -> list[Branch]:
    """What lies in the vault of the asset's log, from names alone. `copies` tell how long segments are."""
    found: list[Branch] = []
    for lineage in vault.folders(f"{WAL}{check_name(asset)}/"):
        size = _segment_bytes(copies, lineage)
        objects: dict[datetime | None, list[LogObject]] = {None: []}
        for info in vault.walk(wal_folder(asset, lineage)):
            if is_log(info.key):
                objects.setdefault(read_branch(info.key), []).append(_object(info, size))
        branches = [Branch(lineage, began, tuple(own)) for began, own in objects.items()]
        found += sorted(branches, key=lambda one: one.began or UNKNOWN)
    return found


def plan_log(
    vault: Vault, asset: str, staying: Sequence[Copy], now: datetime, frozen: Sequence[str]
) -> tuple[LogDecision, ...]:
    """Decides what would go when these copies stay; reads only."""
    decisions = decide_log(list_branches(vault, asset, staying), staying, now, frozen=frozen)
    return tuple(without_locked(one, _locks(vault, one, now)) for one in decisions)


def delete_log(decision: LogDecision, delete: Callable[[str, int], bool]) -> int:
    """Deletes the oldest first, so that a cut leaves no hole; how many went. Ends at the first that the vault refuses:
    the others would be refused as well."""
    for count, one in enumerate(decision.going):
        if not delete(one.key, one.bytes):
            return count
    return len(decision.going)


def _locks(vault: Vault, decision: LogDecision, now: datetime) -> dict[str, datetime]:
    asked = {one.key: locked_until(vault, one.key) for one in decision.going}
    return {key: until for key, until in asked.items() if until is not None and until > now}


def _segment_bytes(copies: Sequence[Copy], lineage: str) -> int | None:
    for manifest in (copy.manifest for copy in copies):
        if manifest.lineage == lineage and "wal_segment_size" in manifest.source:
            return segment_bytes(manifest)
    return None


def _object(info: ObjectInfo, segment_bytes: int | None) -> LogObject:
    stretch = read_stretch(info.key, segment_bytes) if segment_bytes else None
    return LogObject(info.key, info.bytes, info.modified_at, stretch)
