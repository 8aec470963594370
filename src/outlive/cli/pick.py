"""Which copy is meant: by id, by moment, else the newest whole one. What cannot be read is said, never passed over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from outlive.backup.copies import catalog
from outlive.backup.copies.acceptance import accepted
from outlive.backup.copies.lineage import AlarmKind, alarms
from outlive.backup.upkeep.loss import at_or_before
from outlive.cli.words import moment
from outlive.errors import CopyDamaged, UsageError
from outlive.model.copy import Copy
from outlive.vault.base import Vault


@dataclass(frozen=True, slots=True)
class Picked:
    """A copy, and what a person must know about its neighbours (manifests that cannot be read)."""

    copy: Copy
    warnings: tuple[str, ...] = ()


def newest(vault: Vault, asset: str) -> Picked:
    """The newest copy that is not marked damaged. Raises `UsageError` when there is none at all."""
    found, warnings = _look(vault, asset)
    whole = [copy for copy in found if not copy.is_damaged]
    if not whole:
        hint = "Name one with --copy to use it all the same."
        raise CopyDamaged(f"Every copy of {asset!r} is marked damaged.", hint=hint)
    return Picked(whole[-1], warnings)


def chosen(vault: Vault, asset: str, copy_id: str | None) -> Picked:
    """The copy of that id, which must be one of the asset, else the newest."""
    if copy_id is None:
        return newest(vault, asset)
    copy = catalog.find(vault, copy_id)
    if copy.manifest.asset != asset:
        raise UsageError(f"Copy {copy.id} is one of {copy.manifest.asset!r}, not of {asset!r}.")
    return Picked(copy)


def to_restore(vault: Vault, asset: str, copy_id: str | None, at: datetime | None) -> Picked:
    """As `chosen`, or the one nearest before `at`. Where a new, perhaps empty thing has taken the asset's place and
    nobody has accepted it, "the newest" could be the wrong one: then a person must name it (`UsageError`)."""
    if at is not None:
        return _before(vault, asset, at)
    picked = chosen(vault, asset, copy_id)
    if copy_id is None:
        _refuse_to_guess(vault, asset)
    return picked


def _before(vault: Vault, asset: str, at: datetime) -> Picked:
    found, warnings = _look(vault, asset)
    copy = at_or_before(found, at)
    if copy is None:
        raise UsageError(f"No copy of {asset!r} is as old as {moment(at)}.", hint="`outlive copies` shows the times.")
    return Picked(copy, warnings)


def _refuse_to_guess(vault: Vault, asset: str) -> None:
    found, _ = _look(vault, asset)
    new = next((alarm for alarm in alarms(found, accepted(vault, asset)) if alarm.kind is AlarmKind.NEW_LINEAGE), None)
    if new is not None:
        raise UsageError(f"Which of two is meant? {new.text}", hint=f"Name the copy: --copy ID. {new.cure}")


def _look(vault: Vault, asset: str) -> tuple[Sequence[Copy], tuple[str, ...]]:
    if asset not in catalog.assets(vault):
        raise _none_of(asset)
    listing = catalog.listing(vault, asset)
    if listing.unreadable and not listing.copies:
        raise CopyDamaged("; ".join(map(str, listing.unreadable)), hint="Look for another vault that holds its copies.")
    if not listing.copies:
        raise _none_of(asset)
    return listing.copies, tuple(map(str, listing.unreadable))


def _none_of(asset: str) -> UsageError:
    return UsageError(f"There is no copy of {asset!r}.", hint="`outlive copies` lists what there is.")
