"""What `status` knows, gathered: each asset's standing, the looks at the hosts, and what the keeper says about itself."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from outlive import wiring
from outlive.backup.copies import acceptance, catalog
from outlive.backup.drill.key_drill import last_key_drill
from outlive.backup.drill.log_proof import last_log_proof
from outlive.backup.drill.selftest import SelfTest, last_selftest
from outlive.backup.restore.recover_to import windows
from outlive.backup.upkeep.standing import AWAY_SECONDS, Standing, standing
from outlive.cli import status_provider, status_recovery
from outlive.cli.mirror_look import MirrorLook
from outlive.cli.status_hosts import hosts, not_seen, risks, was_not_seen
from outlive.cli.status_look import Looked, blind
from outlive.cli.status_memory import Remembered, remembered
from outlive.clock import Clock
from outlive.config.schema import Settings
from outlive.keeper.advice import keeper_notes, keeper_risks, key_notes, place_notes, selftest_risks
from outlive.model.asset import Asset
from outlive.model.copy import ProofRecord
from outlive.vault.base import Vault
from outlive.watch import project_told

READERS = 4


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that `status` tells. `risks` are sentences about the whole; each asset has its own. `blind` is what is
    not seen now, `blind_before` what was not for a time that is over."""

    at: datetime
    settings: Settings
    standings: tuple[Standing, ...]
    looked: Looked
    hosts: tuple[dict[str, Any], ...]
    risks: tuple[str, ...]
    notes: tuple[str, ...]
    blind: tuple[dict[str, Any], ...]
    mirror: MirrorLook | None = None
    selftest: SelfTest | None = None
    blind_before: tuple[dict[str, Any], ...] = ()
    unasked: bool = False
    remembered: Remembered = field(default_factory=Remembered)
    providers: tuple[project_told.Told, ...] = ()

    def with_unasked(self, entry: dict[str, Any]) -> Report:
        """With something that nobody wanted to see: it is told, but takes nothing from the exit code."""
        return replace(self, blind=(*self.blind, entry), unasked=True)

    @property
    def exit_code(self) -> int:
        """1 when anything is at risk, 3 when that cannot be told because something was not seen."""
        mirror_risks = self.mirror.risks if self.mirror else ()
        if self.risks or mirror_risks or any(one.risks for one in self.standings) or self.looked.unguarded:
            return 1
        return 3 if len(self.blind) > self.unasked else 0


def report(settings: Settings, clock: Clock, looked: Looked | None, why: str = "--no-look") -> Report:
    """`looked` None: nobody asked for a look (or it has not ended, `why`), which is told but takes nothing from the exit
    code."""
    if looked is not None:
        return gather(settings, clock, looked)
    found = gather(settings, clock, Looked())
    return found.with_unasked(blind("the hosts and the mirror", found.at, found.at, why))


def gather(settings: Settings, clock: Clock, looked: Looked) -> Report:
    """The moment of the report is taken last: what was written while the vault was read counts as lost. Raises the
    vault's errors: then nothing can be told at all."""
    told = remembered(settings, clock)
    memory, watched = told.memory, told.watched
    vault = wiring.vault(settings, clock)
    with ThreadPoolExecutor(READERS) as pool:
        read = list(pool.map(lambda asset: _read(vault, asset), settings.assets))
        proven, tested = pool.submit(last_key_drill, vault).result(), pool.submit(last_selftest, vault).result()
    now = clock.now()
    mirror = looked.mirror.by(now) if looked.mirror else None
    standings = tuple(
        standing(
            asset,
            one.listing.copies,
            one.accepted,
            now,
            windows=one.windows,
            stream=told.streams.get(asset.name),
            unreadable=tuple(map(str, one.listing.unreadable)),
            failed=memory.failed(asset.name),
            log_proof=one.log_proof,
            slow_seconds=max(AWAY_SECONDS, 3 * settings.schedule.ship_every_seconds),
        )
        for asset, one in zip(settings.assets, read, strict=True)
    )
    providers = project_told.told(settings, told.stretches, now)
    unseen = (
        [] if memory.is_running(now) else [blind("the keeper's work", memory.told_at or now, now, "it did not run")]
    )
    if mirror and mirror.blind:
        unseen.append(blind("the mirror", now, now, mirror.blind))
    return Report(
        at=now,
        settings=settings,
        standings=standings,
        looked=looked,
        hosts=tuple(hosts(settings, watched, looked.hosts, now)),
        risks=(
            *keeper_risks(memory, now),
            *risks(settings, watched, now),
            *status_provider.risks(providers),
            *selftest_risks(tested),
            *told.deaf,
            *told.lost_crons,
            *status_recovery.risks(told.recoveries, told.rehearsals, at_work=told.rehearses),
        ),
        notes=(*keeper_notes(memory), *key_notes(proven, now), *place_notes(settings, looked.same)),
        blind=(*looked.blind, *unseen, *not_seen(settings, watched, now), *status_provider.not_seen(providers, now)),
        blind_before=tuple(was_not_seen(watched, now)),
        mirror=mirror,
        selftest=tested,
        remembered=told,
        providers=tuple(providers),
    )


@dataclass(frozen=True, slots=True)
class _Read:
    listing: catalog.Listing
    windows: Sequence[Any]
    accepted: Any
    log_proof: ProofRecord | None


def _read(vault: Vault, asset: Asset) -> _Read:
    listing = catalog.listing(vault, asset.name)
    is_cluster = asset.kind == "postgres"
    opened = windows(vault, listing.copies) if is_cluster else []
    log_proof = last_log_proof(vault, asset.name) if is_cluster else None
    return _Read(listing, opened, acceptance.accepted(vault, asset.name), log_proof)
