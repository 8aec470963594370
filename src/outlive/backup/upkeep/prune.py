"""Deleting what retention lets go, what cut runs left behind, and log that no copy needs any more. Planned first;
nothing is deleted while planning.

A copy is deleted in an order in which every interruption leaves the truth: a tombstone says why, then the manifest goes
(from here on the copy does not exist), then the rest. Of copies that build on one another the newest goes first, and what
a copy that could not be deleted builds on stays. A run that was killed midway is finished by the next one. A folder with
a manifest is a copy: no clean-up ever touches it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

from outlive.backup.copies import catalog
from outlive.backup.copies.acceptance import accepted
from outlive.backup.copies.chain import ancestors, by_id, children_first
from outlive.backup.copies.layout import MANIFEST, asset_folder, copy_folder
from outlive.backup.copies.lineage import Alarm
from outlive.backup.copies.lock import only_one
from outlive.backup.upkeep.log_retention import LogDecision
from outlive.backup.upkeep.prune_log import delete_log, plan_log
from outlive.backup.upkeep.retention import Decision, Policy, decide
from outlive.errors import ObjectExists, VaultForbidden
from outlive.model.naming import check_name
from outlive.vault.base import ObjectInfo, Vault
from outlive.vault.layers import locked_until

TOMBSTONES = "tombstones/"
LITTER_AGE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Litter:
    """A folder without a manifest that may be removed, its size, and why it may."""

    folder: str
    bytes: int
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen to one asset: a decision for every copy in commit order and for every branch of its log, and the
    litter to be removed."""

    asset: str
    decisions: tuple[Decision, ...]
    litter: tuple[Litter, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    frozen: tuple[str, ...] = ()
    held_back: int = 0
    log: tuple[LogDecision, ...] = ()

    @property
    def going(self) -> tuple[Decision, ...]:
        return tuple(decision for decision in self.decisions if not decision.keep)


@dataclass(slots=True)
class Pruned:
    """What was done to one asset. `refused` are objects that the vault would not delete, with its words. `locked` are
    folders whose bytes Object Lock keeps until then: they are in no listing any more (or, where the store refuses to
    hide them, still are), and that is no failure."""

    asset: str
    deleted: list[str] = field(default_factory=list)
    cleaned: list[str] = field(default_factory=list)
    log_objects: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    locked: dict[str, datetime] = field(default_factory=dict)
    freed_bytes: int = 0


def plan(vault: Vault, asset: str, policy: Policy, now: datetime, *, forgotten: Collection[str] = ()) -> Plan:
    """Decides what would go; reads only. Raises the vault's errors, and `CopyDamaged` when a manifest cannot be read:
    as long as it is not known what there is, nothing goes."""
    verdict = decide(catalog.copies(vault, asset), policy, now, accepted=accepted(vault, asset), forgotten=forgotten)
    litter = tuple(_litter(vault, asset, now))
    staying = [decision.copy for decision in verdict.decisions if decision.keep]
    log = plan_log(vault, asset, staying, now, verdict.frozen)
    return Plan(asset, verdict.decisions, litter, verdict.alarms, verdict.frozen, verdict.held_back, log)


def prune(
    vault: Vault, asset: str, policy: Policy, *, now: datetime, state: Path, forgotten: Collection[str] = ()
) -> tuple[Plan, Pruned]:
    """Plans and deletes, while no backup of the asset runs here (`Busy` when one does; a backup by another keeper is
    told by the age of its folder). Deletions that the vault forbids are reported; other errors end the run."""
    with only_one(state / "locks", f"backup of {asset}"):
        planned = plan(vault, asset, policy, now, forgotten=forgotten)
        done = Pruned(asset)
        for litter in planned.litter:
            if _remove(vault, litter.folder, done, now):
                done.cleaned.append(litter.folder)
        _delete_copies(vault, planned, now, done)
        staying = [decision.copy for decision in planned.decisions if decision.id not in done.deleted]
        for branch in plan_log(vault, asset, staying, now, planned.frozen):  # a copy that could not go needs its log
            done.log_objects += delete_log(branch, lambda key, size: _delete(vault, key, size, done, now))
    return planned, done


def _delete_copies(vault: Vault, planned: Plan, now: datetime, done: Pruned) -> None:
    known = by_id([decision.copy for decision in planned.decisions])
    going = {decision.id: decision for decision in planned.going}
    stays: dict[str, str] = {}  # what is still needed, and by which copy
    for copy in children_first([decision.copy for decision in planned.going]):
        if copy.id in stays:
            why = f"copy {stays[copy.id]}, which builds on it, could not be deleted"
            done.refused.append((copy_folder(planned.asset, copy.id), why))
        elif not _delete_copy(vault, planned.asset, going[copy.id], now, done):
            stays |= {one.id: copy.id for one in ancestors(copy.manifest, known)}


def tombstone_key(asset: str, copy_id: str) -> str:
    return f"{TOMBSTONES}{check_name(asset)}/{copy_id}.json"


def _delete_copy(vault: Vault, asset: str, decision: Decision, now: datetime, done: Pruned) -> bool:
    """False when it still exists."""
    folder = copy_folder(asset, decision.id)
    try:
        _bury(vault, asset, decision, now)
    except VaultForbidden as error:
        done.refused.append((tombstone_key(asset, decision.id), str(error)))
        return False
    size = _size_of(vault, folder + MANIFEST)
    if not _delete(vault, folder + MANIFEST, size, done, now):
        return False  # still a copy, and still whole
    done.deleted.append(decision.id)
    _remove(vault, folder, done, now)
    return True


def _bury(vault: Vault, asset: str, decision: Decision, now: datetime) -> None:
    manifest = decision.copy.manifest
    stone = {
        "copy": decision.id,
        "asset": asset,
        "lineage": manifest.lineage,
        "sequence": manifest.sequence,
        "committed_at": _text(decision.copy.committed_at),
        "proof": decision.copy.proof,
        "stored_bytes": manifest.stored_bytes,
        "at": _text(now),
        "reasons": list(decision.reasons),
    }
    try:
        vault.put(tombstone_key(asset, decision.id), (json.dumps(stone, indent=1) + "\n").encode())
    except ObjectExists:  # an earlier run was cut right after it had put the stone
        return


def _remove(vault: Vault, folder: str, done: Pruned, now: datetime) -> bool:
    """Deletes what is in a folder without a manifest; True when all of it went."""
    infos = list(vault.walk(folder))
    if any(info.key == folder + MANIFEST for info in infos):
        return False
    gone = [_delete(vault, info.key, info.bytes, done, now) for info in infos]  # every one is tried
    return all(gone)


def _delete(vault: Vault, key: str, size: int, done: Pruned, now: datetime) -> bool:
    """Whether the object is in no listing any more. In a bucket with versions, a delete hides a locked object; its bytes
    stay, and are paid for, until the lock ends and the bucket's lifecycle removes what is hidden."""
    until = locked_until(vault, key)
    held = until is not None and until > now
    if until is not None and held:
        folder = key.rpartition("/")[0] + "/"
        done.locked[folder] = max(until, done.locked.get(folder, until))
    try:
        vault.delete(key)
    except VaultForbidden as error:
        if not held:
            done.refused.append((key, str(error)))
        return False
    done.freed_bytes += 0 if held else size
    return True


def _litter(vault: Vault, asset: str, now: datetime) -> Iterator[Litter]:
    """Folders without a manifest that a tombstone names, or into which nothing was put for `LITTER_AGE`.

    Age is told by the vault's own clock: how much newer the newest object of this asset is. Our clock must agree; where
    the two contradict each other, the folder counts as young and stays.
    """
    buried = {info.key for info in vault.walk(f"{TOMBSTONES}{check_name(asset)}/")}
    prefix = asset_folder(asset)
    folders = [_folder(prefix + name + "/", infos) for name, infos in _by_folder(vault.walk(prefix), prefix)]
    vault_now = max((folder.newest for folder in folders), default=now)
    for folder in folders:
        if folder.is_copy:
            continue
        copy_id = folder.key.removeprefix(prefix).rstrip("/")
        if tombstone_key(asset, copy_id) in buried:
            yield Litter(folder.key, folder.bytes, "its copy was deleted by an earlier run that did not end")
        elif min(vault_now, now) - folder.newest >= LITTER_AGE:
            yield Litter(
                folder.key, folder.bytes, f"an unfinished run; nothing was added since {folder.newest:%Y-%m-%d}"
            )


@dataclass(frozen=True, slots=True)
class _Folder:
    key: str
    is_copy: bool
    bytes: int
    newest: datetime


def _by_folder(infos: Iterable[ObjectInfo], prefix: str) -> Iterator[tuple[str, Iterable[ObjectInfo]]]:
    return groupby(infos, key=lambda info: info.key.removeprefix(prefix).split("/")[0])


def _folder(key: str, infos: Iterable[ObjectInfo]) -> _Folder:
    found = list(infos)
    return _Folder(
        key,
        any(info.key == key + MANIFEST for info in found),
        sum(info.bytes for info in found),
        max(info.modified_at for info in found),
    )


def _size_of(vault: Vault, key: str) -> int:
    return sum(info.bytes for info in vault.walk(key.rpartition("/")[0] + "/") if info.key == key)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
