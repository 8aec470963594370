"""The keeper's loop: streams run, what is due is started, what is known is remembered. The only place that starts
long-lived threads."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from outlive.clock import Clock
from outlive.commands.wal import show
from outlive.config.schema import Settings
from outlive.engine.port import Engine
from outlive.errors import OutliveError
from outlive.keeper import jobs as wanted
from outlive.keeper.schedule import Job, due, first_due
from outlive.keeper.streams import StreamKeeper, StreamPlan, StreamState
from outlive.model.runbook import Runbook
from outlive.state.store import Due, Store, StreamRow

TICK_SECONDS = 1.0
HISTORY_DAYS = 30
FREE_BYTES = 200 << 20  # below that no run is started: the engine's database does not survive a full disk well


@dataclass(frozen=True, slots=True)
class Parts:
    """What the loop joins; made in `wiring`."""

    settings: Settings
    clock: Clock
    store: Store
    engine: Engine
    streams: tuple[StreamPlan, ...]
    say: Callable[[str], None]


class Keeper:
    """Runs until stopped."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stop = threading.Event()
        self._streams = [StreamKeeper(plan, self._told, self._gap) for plan in parts.streams]
        self._pruned_at = parts.clock.now()
        self._quiet_about_disk = False

    def stop(self) -> None:
        """From a signal handler: the loop ends after its current tick."""
        self._stop.set()

    def run(self) -> None:
        """Ticks once a second. When stopped, streams ship what has come before this returns."""
        for stream in self._streams:
            stream.start()
        try:
            while not self._stop.is_set():
                try:
                    self._tick()
                except OutliveError as error:  # a broken tick must not stop the streams
                    self._parts.say(f"{error} cure: {error.hint}")
                self._stop.wait(TICK_SECONDS)
        finally:
            for stream in self._streams:
                stream.stop()

    def _tick(self) -> None:
        parts = self._parts
        now = parts.clock.now()
        if not self._has_room():
            return
        jobs = wanted.jobs(parts.settings, now)
        known = parts.store.dues()
        for job in jobs:
            if job.name not in known:
                known[job.name] = Due(job.name, first_due(job, now))
                parts.store.set_due(known[job.name])
        if set(known) - {job.name for job in jobs}:
            parts.store.drop_dues({job.name for job in jobs})
        for start in due(jobs, {name: found.next_due for name, found in known.items()}, now):
            self._start(start.job, start.run_id)
            parts.store.set_due(Due(start.job.name, start.next_due, start.run_id))
        self._prune_history()

    def _start(self, job: Job, run_id: str) -> None:
        self._parts.engine.start(run_id, job.runbook)
        self._parts.say(f"started {job.runbook.name} ({run_id})")

    def _prune_history(self) -> None:
        now = self._parts.clock.now()
        if now - self._pruned_at > timedelta(hours=1):
            self._pruned_at = now
            self._parts.engine.prune(now - timedelta(days=HISTORY_DAYS))

    def _has_room(self) -> bool:
        """A full disk kills running workflows for good (research: engine.md 4.6): none is begun without room."""
        free = shutil.disk_usage(_existing(self._parts.settings.keeper.state)).free
        if free >= FREE_BYTES:
            self._quiet_about_disk = False
            return True
        if not self._quiet_about_disk:
            self._parts.say(
                f"only {free >> 20} MiB are free for the keeper's state: no job is started until there is room"
            )
            self._quiet_about_disk = True
        return False

    def _told(self, state: StreamState) -> None:
        now = self._parts.clock.now()
        row = StreamRow(
            asset=state.asset,
            health=state.health,
            since=state.since,
            until=state.until,
            position=show(state.position),
            bytes_at_risk=state.bytes_at_risk,
            why=state.why,
            advice=state.advice,
            told_at=now,
        )
        try:
            self._parts.store.tell_stream(row)
        except OutliveError as error:
            self._parts.say(f"{error} cure: {error.hint}")

    def _gap(self, asset: str, why: str) -> None:
        """Log is missing for good: a new base copy begins a new window, now and not when the next one is due."""
        now = self._parts.clock.now()
        self._parts.say(f"{asset}: {why} A new base copy is taken.")
        found = self._parts.settings.asset(asset)
        if found is not None:
            runbook: Runbook = wanted.backup(found, now)
            self._parts.engine.start(f"gap:{asset}:{now:%Y%m%dT%H%M%SZ}", runbook)


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path
