"""Asks the vault, now and then, how well what it holds is proven; in a thread of its own: a vault that hangs must keep
nobody from being told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from outlive.alerts.protection import Protection, unproven
from outlive.backup.copies import acceptance, catalog
from outlive.backup.drill.log_proof import last_log_proof
from outlive.backup.restore.recover_to import windows
from outlive.backup.upkeep.standing import standing
from outlive.clock import Clock
from outlive.config.schema import Settings
from outlive.errors import OutliveError
from outlive.model.asset import Asset, PostgresAsset
from outlive.recovery.rehearsal import is_late, last_whole
from outlive.state.recovering import Recovering
from outlive.vault.base import Vault

ASK, ASK_SOON = timedelta(minutes=15), timedelta(seconds=30)  # soon when something is not proven: that may mend now
DRILL_PERIODS = 2  # a drill may run long, or be missed once


class Proving:
    """`ask` says what is not proven; it may block and raise `OutliveError`."""

    def __init__(self, ask: Callable[[datetime], list[str]], clock: Clock) -> None:
        self._ask, self._clock = ask, clock
        self._told = Protection(clock.now())
        self._asked_at: datetime | None = None
        self._thread: threading.Thread | None = None

    def failures(self, now: datetime) -> tuple[str, ...] | None:
        """As `Protection` says it. Returns at once; begins to ask when it is time, never twice beside each other."""
        every = ASK if self._told.is_proven else ASK_SOON
        is_due = self._asked_at is None or abs(now - self._asked_at) >= every
        if is_due and (self._thread is None or not self._thread.is_alive()):
            self._asked_at = now
            self._thread = threading.Thread(target=self._learn, name="proving", daemon=True)
            self._thread.start()
        return self._told.failures(now)

    def _learn(self) -> None:
        """What could not be asked leaves what was known, which becomes stale."""
        try:
            found = self._ask(self._clock.now())
        except OutliveError:
            return
        self._told = Protection(self._told.since, self._clock.now(), found)


def not_proven(settings: Settings, vault: Vault, now: datetime) -> list[str]:
    """A sentence for everything that the vault does not prove, by asset. Raises what the vault raises."""
    age = timedelta(seconds=DRILL_PERIODS * settings.schedule.drill_every_seconds)
    return [line for asset in settings.assets for line in _of(asset, vault, age, now)]


def late_rehearsals(settings: Settings, journal: Recovering, now: datetime) -> list[str]:
    """A sentence for every rehearsal that should have come round and has not. Raises what the memory raises."""
    if not settings.rehearsals:
        return []
    runs = [(one, journal.entries(one.id)) for one in journal.recoveries() if one.rehearsal]
    late = [one.host for one in settings.rehearsals if is_late(last_whole(runs, one.host), one.every_seconds, now)]
    return [f"{host}: the last whole rehearsal is too long ago" for host in late]


def _of(asset: Asset, vault: Vault, age: timedelta, now: datetime) -> list[str]:
    listing = catalog.listing(vault, asset.name)
    is_cluster = isinstance(asset, PostgresAsset)
    stands = standing(
        asset,
        listing.copies,
        acceptance.accepted(vault, asset.name),
        now,
        windows=windows(vault, listing.copies) if is_cluster else [],
        unreadable=tuple(map(str, listing.unreadable)),
        log_proof=last_log_proof(vault, asset.name) if is_cluster else None,
    )
    drill = stands.last_drill
    return unproven(asset.name, stands.risks, None if drill is None else (drill.at, drill.ok), age, now)
