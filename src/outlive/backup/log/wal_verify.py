"""Reading log in the vault again, without replaying it: every object of a window opens, holds what its name says, and
joins the one before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from outlive.backup.log.wal_fetch import open_log
from outlive.backup.log.wal_names import Stretch, read_history_key, wal_folder
from outlive.backup.log.windows import Window
from outlive.commands.wal import check_pages, show
from outlive.commands.wal_timeline import stale_page
from outlive.errors import CopyDamaged
from outlive.model.copy import Check, Manifest
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity


def examine_window(
    vault: Vault, manifest: Manifest, window: Window, identities: Sequence[Identity]
) -> tuple[Check, ...]:
    """A check for the window's contiguity, and one for its objects (the first three that are bad). Raises `WrongKey` and
    the vault's errors: nothing was learned."""
    began = beginnings(info.key for info in vault.walk(wal_folder(manifest.asset, manifest.lineage)))
    bad = list(_bad(vault, int(manifest.source["system_identifier"]), window, identities, began))
    read = f"{len(window.stretches)} object(s), up to {show(window.end)}"
    return (
        Check("log", not bad, "; ".join(bad[:3]) if bad else f"{read}, opened"),
        Check("window", not window.gap, window.gap or f"without a gap until {window.until:%Y-%m-%d %H:%M:%S} UTC"),
    )


Beginnings = Mapping[tuple[str, int], int]


def beginnings(keys: Iterable[str]) -> Beginnings:
    """Where each timeline of each folder (lineage or branch) began, from the names of the histories."""
    told = [one for one in map(read_history_key, keys) if one is not None]
    return {(_folder(one.key), one.timeline): one.switch.position for one in told}


def began_at(began: Beginnings, one: Stretch) -> int:
    """Where the timeline of a stretch did; the first one has no history and began at 0."""
    return began.get((_folder(one.key), one.timeline), 0)


def _folder(key: str) -> str:
    return key.rpartition("/")[0]


def _bad(
    vault: Vault, identifier: int, window: Window, identities: Sequence[Identity], began: Beginnings
) -> Iterator[str]:
    for one in window.stretches:
        try:
            check_stretch(vault, one, identifier, identities, began_at(began, one))
        except CopyDamaged as error:
            yield error.detail


def check_stretch(
    vault: Vault, one: Stretch, system_identifier: int, identities: Sequence[Identity], began: int = 0
) -> None:
    """Raises `CopyDamaged` when one object of log does not open, or holds what its name does not say. `began`: where its
    timeline did."""
    data = open_log(vault, one.key, identities)
    if len(data) != one.end - one.start:
        raise CopyDamaged(f"{one.key} has {len(data)} bytes, its name says {one.end - one.start}.")
    trouble = check_pages(data, one.start, one.timeline, system_identifier)
    if trouble := trouble or stale_page(data, one.start, one.timeline, began):
        raise CopyDamaged(f"{one.key}: {trouble}.")
