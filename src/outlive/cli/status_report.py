"""What `status` knows, gathered: each asset's standing, the looks at the hosts, and what the keeper says about itself."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from outlive import wiring
from outlive.backup.copies import acceptance, catalog
from outlive.backup.drill.key_drill import last_key_drill
from outlive.backup.drill.log_proof import last_log_proof
from outlive.backup.drill.selftest import SelfTest, last_selftest
from outlive.backup.restore.recover_to import windows
from outlive.backup.upkeep.standing import AWAY_SECONDS, Standing, StreamFacts, standing
from outlive.cli import status_provider
from outlive.cli.mirror_look import MirrorLook
from outlive.cli.status_hosts import Watched, hosts, not_seen, risks, was_not_seen
from outlive.cli.status_look import Looked, blind
from outlive.clock import Clock
from outlive.commands.postgres import lsn
from outlive.config.schema import Settings
from outlive.keeper.advice import Memory, keeper_notes, keeper_risks, key_notes, place_notes, selftest_risks
from outlive.model.asset import Asset
from outlive.model.copy import ProofRecord
from outlive.model.incident import Delivery, Incident
from outlive.model.stretch import Stretch
from outlive.vault.base import Vault

if TYPE_CHECKING:
    from outlive.state.telling import Telling

READERS = 4
BLIND_TOLD = timedelta(days=7)  # of times in which nothing was seen, the later ones are told


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that `status` tells. `risks` are sentences about the whole; each asset has its own. `blind` is what is
    not seen now, `blind_before` what was not for a time that is over. `incidents` are open."""

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
    incidents: tuple[Incident, ...] = ()
    providers: tuple[status_provider.Told, ...] = ()

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


def gather(settings: Settings, clock: Clock, looked: Looked) -> Report:
    """The moment of the report is taken last: what was written while the vault was read counts as lost. Raises the
    vault's errors: then nothing can be told at all."""
    memory, streams, watched, stretches, told = _remembered(settings, clock)
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
            stream=streams.get(asset.name),
            unreadable=tuple(map(str, one.listing.unreadable)),
            failed=memory.failed(asset.name),
            log_proof=one.log_proof,
            slow_seconds=max(AWAY_SECONDS, 3 * settings.schedule.ship_every_seconds),
        )
        for asset, one in zip(settings.assets, read, strict=True)
    )
    providers = status_provider.told(settings, stretches, now)
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
        ),
        notes=(*keeper_notes(memory), *key_notes(proven, now), *place_notes(settings, looked.same)),
        blind=(*looked.blind, *unseen, *not_seen(settings, watched, now), *status_provider.not_seen(providers, now)),
        blind_before=tuple(was_not_seen(watched, now)),
        mirror=mirror,
        selftest=tested,
        incidents=told.open,
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


@dataclass(frozen=True, slots=True)
class _Told:
    """The open incidents, and a sentence for each channel whose last message could not be delivered."""

    open: tuple[Incident, ...] = ()
    deaf: tuple[str, ...] = ()


def _remembered(
    settings: Settings, clock: Clock
) -> tuple[Memory, dict[str, StreamFacts], Watched, list[Stretch], _Told]:
    """What the keeper has told; nothing when none ever ran here."""
    if not wiring.has_store(settings):
        return Memory(), {}, Watched({}), [], _Told()
    from outlive import wiring_state  # its database layer is loaded only where there is a database
    from outlive.state.telling import Telling
    from outlive.state.watching import Watching

    store = wiring_state.store(settings)
    try:
        rows, memory = store.stream_rows(), Memory(store.beat(), tuple(store.outcomes().values()))
        watching = Watching(store)
        told = _told(settings, Telling(store))
        watched = Watched(watching.standing(), tuple(watching.blind(clock.now() - BLIND_TOLD)))
        is_wanted = settings.providers or settings.tofu
        stretches = watching.stretches(clock.now() - status_provider.DAY) if is_wanted else []
    finally:
        store.close()
    facts = {
        asset: StreamFacts(
            row.health,
            row.until,
            lsn(row.position),
            row.bytes_at_risk,
            row.told_at,
            row.why,
            row.advice,
            row.skew_seconds,
            row.safe_bytes,
        )
        for asset, row in rows.items()
    }
    return memory, facts, watched, stretches, told


def _told(settings: Settings, telling: Telling) -> _Told:
    wanted = {one.name for one in settings.alerts.channels}
    latest = telling.latest(Delivery.SENT, Delivery.FAILED)
    deaf = [one for name, one in latest.items() if name in wanted and one.state is Delivery.FAILED]
    return _Told(
        tuple(one for one in telling.incidents() if one.ended_at is None),
        tuple(f"alerts do not reach anybody by {one.channel}: {one.why}" for one in deaf),
    )
