"""What the keeper has remembered, as far as `status` tells it: read once for a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from outlive import wiring
from outlive.alerts.crons import CronStanding, standings
from outlive.backup.upkeep.standing import StreamFacts
from outlive.cli import status_recovery
from outlive.cli.status_hosts import Watched
from outlive.clock import Clock
from outlive.commands.postgres import lsn
from outlive.config.schema import Settings
from outlive.keeper.advice import Memory
from outlive.model.incident import Delivery, Incident, Sending
from outlive.model.schedule import REHEARSAL
from outlive.model.stretch import Stretch
from outlive.recovery.rehearsal import waits_for
from outlive.recovery.under_way import is_under_way
from outlive.watch import project_told

if TYPE_CHECKING:
    from outlive.state.store import StreamRow

BLIND_TOLD = timedelta(days=7)  # of times in which nothing was seen, the later ones are told


@dataclass(frozen=True, slots=True)
class Remembered:
    """Nothing when no keeper ever ran here. `incidents` are open; `latest` is the last message by each channel that is
    configured."""

    memory: Memory = field(default_factory=Memory)
    streams: Mapping[str, StreamFacts] = field(default_factory=dict)
    watched: Watched = field(default_factory=lambda: Watched({}))
    stretches: Sequence[Stretch] = ()
    incidents: tuple[Incident, ...] = ()
    latest: Mapping[str, Sending] = field(default_factory=dict)
    recoveries: tuple[status_recovery.Told, ...] = ()
    crons: tuple[CronStanding, ...] = ()
    rehearsals: tuple[status_recovery.Planned, ...] = ()
    rehearses: bool = False

    @property
    def lost_crons(self) -> tuple[str, ...]:
        """A sentence for each cron job that failed or did not tell."""
        return tuple(f"cron job {one.name}: {one.why}" for one in self.crons if one.is_down)

    @property
    def reaches(self) -> dict[str, bool]:
        """Of each channel, whether its last message was delivered."""
        return {name: one.state is Delivery.SENT for name, one in self.latest.items()}

    @property
    def deaf(self) -> tuple[str, ...]:
        """A sentence for each channel whose last message could not be delivered."""
        failed = [one for one in self.latest.values() if one.state is Delivery.FAILED]
        return tuple(f"alerts do not reach anybody by {one.channel}: {one.why}" for one in failed)


def remembered(settings: Settings, clock: Clock) -> Remembered:
    """What the keeper has told."""
    if not wiring.has_store(settings):
        unseen = status_recovery.planned(settings.rehearsals, (), {}, {}, clock.now())
        return Remembered(rehearsals=tuple(unseen))
    from outlive import wiring_state  # its database layer is loaded only where there is a database
    from outlive.state.crons import Crons
    from outlive.state.recovering import Recovering
    from outlive.state.telling import Telling
    from outlive.state.watching import Watching

    store = wiring_state.store(settings)
    try:
        watching, telling, journal = Watching(store), Telling(store), Recovering(store)
        wanted = {one.name for one in settings.alerts.channels}
        is_told = settings.providers or settings.tofu
        latest = telling.latest(Delivery.SENT, Delivery.FAILED)
        incidents = tuple(one for one in telling.incidents() if one.ended_at is None)
        memory, now = Memory(store.beat(), tuple(store.outcomes().values())), clock.now()
        listens = bool(settings.crons) and memory.is_running(now) and wiring.serves_page(settings)
        listening_since = memory.beat.started_at if memory.beat and listens else None
        runs = tuple(status_recovery.Told(one, tuple(journal.entries(one.id))) for one in journal.recoveries())
        due = {
            name.partition(":")[2]: one.next_due
            for name, one in store.dues().items()
            if name.startswith(f"{REHEARSAL}:")
        }
        return Remembered(
            memory=memory,
            streams={asset: _facts(row) for asset, row in store.stream_rows().items()},
            watched=Watched(watching.standing(), tuple(watching.blind(clock.now() - BLIND_TOLD))),
            stretches=watching.stretches(clock.now() - project_told.DAY) if is_told else [],
            incidents=incidents,
            latest={name: one for name, one in latest.items() if name in wanted},
            crons=standings(settings.crons, Crons(store).heard(), listening_since, now) if settings.crons else (),
            recoveries=runs,
            rehearsals=_rehearsals(settings, runs, due, memory, incidents, now),
            rehearses=is_under_way(wiring.recovery_room(settings)),
        )
    finally:
        store.close()


def _rehearsals(
    settings: Settings,
    runs: Sequence[status_recovery.Told],
    due: Mapping[str, datetime],
    memory: Memory,
    incidents: Sequence[Incident],
    now: datetime,
) -> tuple[status_recovery.Planned, ...]:
    told = [(one.run, one.entries) for one in runs]
    failed = memory.failed_of(REHEARSAL)
    waits = partial(waits_for, runs=told, incidents=incidents)
    return tuple(status_recovery.planned(settings.rehearsals, runs, due, failed, now, waits))


def _facts(row: StreamRow) -> StreamFacts:
    return StreamFacts(
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
