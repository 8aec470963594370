"""To any second of a window: which window reaches it, and restored for good into a directory."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from outlive.backup.log import wal_fetch
from outlive.backup.log.windows import Reached, Window, bases, branch_of, segment_bytes
from outlive.backup.log.windows import choose as choose_window
from outlive.backup.log.windows import windows as windows_of
from outlive.backup.restore.cluster import Cluster
from outlive.backup.restore.lay_out import lay_out
from outlive.backup.restore.load_dumps import major_of, superuser
from outlive.backup.restore.programs import choose
from outlive.backup.restore.replay import Replay, replayed
from outlive.backup.restore.restore_plan import RestorePlan
from outlive.backup.restore.restore_postgres import point_tablespaces
from outlive.backup.restore.settle import Before, must_be_shut_down
from outlive.backup.restore.workshop import Workshop, workshop
from outlive.backup.streams.inventory import read_inventory
from outlive.errors import UsageError
from outlive.model.copy import Copy, Manifest
from outlive.transport.local import LocalShell
from outlive.vault.base import Vault


@dataclass(frozen=True, slots=True)
class Recovered:
    """Where it was brought to, along which window, how long it took, with which programs, and what a person should do or
    know next."""

    reached: Reached
    window: Window
    seconds: float
    programs: str
    next_steps: tuple[str, ...]


def windows(vault: Vault, copies: Sequence[Copy]) -> list[Window]:
    """The windows of an asset's copies, oldest first. From names and manifests alone: no key is needed."""
    found: list[Window] = []
    for lineage_id in dict.fromkeys(copy.manifest.lineage for copy in copies if copy.manifest.kind == "postgres"):
        own = [copy for copy in copies if copy.manifest.lineage == lineage_id]
        logs = wal_fetch.list_log(vault, own[0].manifest.asset, lineage_id, segment_bytes(own[0].manifest))
        for base in bases(own, lineage_id):
            log = branch_of(logs, base.since)
            found += windows_of(base, log.stretches, log.switches)
    return sorted(found, key=lambda one: (one.since, one.timeline))


def pick(vault: Vault, copies: Sequence[Copy], at: datetime | None) -> tuple[Window, Manifest]:
    """The window that reaches `at` (None: the newest moment there is) and the manifest of its base copy. Raises
    `UsageError` when none does, and says what can be reached."""
    found = windows(vault, copies)
    if not found:
        raise UsageError("there is no physical copy to recover from.", hint="`outlive copies` lists what there is.")
    window = max(found, key=lambda one: (one.until, one.since)) if at is None else choose_window(found, at)
    if window is None:
        assert at is not None
        hint = f"These do, nearest to it: {_nearest(found, at)}."
        raise UsageError(f"no window reaches {at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC.", hint=hint)
    return window, next(copy.manifest for copy in copies if copy.id == window.base.copy)


def _nearest(found: Sequence[Window], at: datetime) -> str:
    """The last window before the moment and the first one after it."""
    before = max((one for one in found if one.until < at), key=lambda one: one.until, default=None)
    after = min((one for one in found if one.since > at), key=lambda one: one.since, default=None)
    near = [one for one in (before, after) if one is not None]
    return ", ".join(f"{one.since:%Y-%m-%d %H:%M:%S} to {one.until:%Y-%m-%d %H:%M:%S} UTC" for one in near)


def restore_to(copies: Sequence[Copy], at: datetime | None, path: str, plan: RestorePlan) -> Recovered:
    """An ordinary data directory at the absolute `path` (absent or empty, else `Refused`), shut down in order, as the
    cluster was at `at`. Raises `UsageError` for a moment outside, `RestoreFailed`, `CopyDamaged`, the vault's errors: then
    nothing at `path` looks like a restored cluster, and no server runs."""
    began = plan.clock.monotonic()
    window, manifest = pick(plan.vault, copies, at)
    path = path.rstrip("/")
    with workshop(path, manifest) as shop:
        reached, programs = _recover(window, manifest, at, shop, plan)
        return Recovered(reached, window, plan.clock.monotonic() - began, programs, _next_steps(manifest, reached))


def _recover(
    window: Window, manifest: Manifest, at: datetime | None, shop: Workshop, plan: RestorePlan
) -> tuple[Reached, str]:
    data, keys = shop.data, plan.identities
    with choose(manifest.source.get("image"), major_of(manifest), shop.work, fetch=plan.fetch_programs) as programs:
        layout = lay_out(plan.vault, manifest, keys, programs, data, plan.on_progress, plan.on_room)
        point_tablespaces(LocalShell(), layout)
        before = Before.of(data)
        user = superuser(read_inventory(plan.vault, manifest, keys))
        replay = Replay(plan.vault, manifest, window, keys, data, at)
        with replayed(replay, programs, user) as (cluster, reached):
            _checkpoint(cluster)
        must_be_shut_down(programs, data)
    shop.settle(layout, before)
    return reached, programs.label


def _checkpoint(cluster: Cluster) -> None:
    """So that the shutdown that follows is quick, however slow the disk."""
    door = cluster.door()
    with door.connect(door.database) as connection:
        connection.execute("CHECKPOINT")


def _next_steps(manifest: Manifest, reached: Reached) -> tuple[str, ...]:
    owner = "its files belong to the numeric user that they had" if os.geteuid() == 0 else "its files are yours"
    major = major_of(manifest)
    return (
        *((f"Look twice: {reached.doubt}",) if reached.doubt else ()),
        f"Give it to the user that runs Postgres {major} (chown -R; {owner}), then start Postgres {major} on it.",
        "It has production's own settings: look at archive_command and listen_addresses before it is started.",
    )
