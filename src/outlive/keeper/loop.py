"""The keeper's loop: streams run, what is due is started, what is known is remembered. The only place that starts
long-lived threads."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from outlive.clock import Clock
from outlive.commands.wal import show
from outlive.config.schema import Settings
from outlive.engine.port import Engine
from outlive.errors import OutliveError
from outlive.keeper import jobs as wanted
from outlive.keeper.alerting import Alerting
from outlive.keeper.asking import Asking
from outlive.keeper.counting import Counting
from outlive.keeper.looks import Looks
from outlive.keeper.runner import Runner
from outlive.keeper.streams import StreamHealth, StreamKeeper, StreamPlan, StreamState
from outlive.keeper.teller import Teller
from outlive.model.schedule import Beat
from outlive.state.errors import StateHeld
from outlive.state.store import Store, StreamRow
from outlive.transport.postgres_identity import PostgresIdentity

TICK_SECONDS = 1.0
BEAT_SECONDS = 15.0
HOUSEKEEPING_SECONDS = 60.0
COUNTING_SECONDS = 15.0
HISTORY_DAYS = 30
DRAIN_SECONDS = 60.0
AGAIN_SECONDS = 30.0
LOOKS_SECONDS = 20.0  # for looks to end, and the connections that are kept
HEARD_SECONDS = 30.0
FREE_BYTES = 200 << 20  # below that no run is started: the engine's database does not survive a full disk well


@dataclass(frozen=True, slots=True)
class Parts:
    """What the loop joins; made in `wiring_keeper`. `last_copy` says when an asset's newest copy was begun; `end_jobs`
    ends the processes that runs have started; `looks` makes the looking at hosts, given what streams know of their
    clusters (None: nobody looks)."""

    settings: Settings
    clock: Clock
    store: Store
    engine: Engine
    streams: tuple[StreamPlan, ...]
    say: Callable[[str], None]
    last_copy: Callable[[str], datetime | None]
    end_jobs: Callable[[], None]
    looks: Callable[[Callable[[str], PostgresIdentity | None]], Looks] | None = None
    counting: Counting | None = None
    alerting: Alerting | None = None
    drain_seconds: float = DRAIN_SECONDS
    free_bytes: int = FREE_BYTES


@dataclass(slots=True)
class _Every:
    """Lets something through once in so many steady seconds."""

    seconds: float
    last: float | None = None

    def is_time(self, monotonic: float) -> bool:
        if self.last is not None and monotonic - self.last < self.seconds:
            return False
        self.last = monotonic
        return True


@dataclass(slots=True)
class _Rhythm:
    beat: _Every = field(default_factory=lambda: _Every(BEAT_SECONDS))
    housekeeping: _Every = field(default_factory=lambda: _Every(HOUSEKEEPING_SECONDS))
    counting: _Every = field(default_factory=lambda: _Every(COUNTING_SECONDS))


class Keeper:
    """Runs until stopped. `asking` is for people who want something of it meanwhile."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stopping = self._hurry = False  # no Event: a signal handler that sets one can wait for itself for ever
        self._runner = Runner(parts.settings, parts.store, parts.engine, parts.say, parts.last_copy)
        self._teller = Teller(parts.store, self._runner, parts.say)
        self.asking = Asking(parts.settings, parts.clock, parts.engine, parts.say, self._teller.wanted)
        self._streams = [StreamKeeper(plan, self._told, self._gap) for plan in parts.streams]
        self._looks: Looks | None = None
        self._looking = threading.Thread(target=self._look, name="looks", daemon=True)
        self._telling = threading.Thread(target=self._tell, name="alerts", daemon=True)
        self._started_at = parts.clock.now()
        self._rhythm = _Rhythm()
        self._quiet_about_disk = False
        self._said = ""

    def stop(self) -> None:
        """From a signal handler: the loop ends after its current tick. A second call ends running jobs at once."""
        self._hurry = self._stopping
        self._stopping = True

    def run(self) -> None:
        """Ticks once a second. When stopped, running jobs may come to their end, and streams ship what has come, before
        this returns. Raises `StateHeld` when another keeper has taken the state over."""
        self._teller.start()
        for stream in self._streams:
            stream.start()
        self._looking.start()
        self._telling.start()
        try:
            while not self._stopping:
                self._tick_safely()
                time.sleep(TICK_SECONDS)
        finally:
            self._wind_down()

    def _tick_safely(self) -> None:
        """A broken tick must not stop the streams; it is told once, not every second."""
        try:
            self._tick()
            self._said = ""
        except StateHeld:
            self._hurry = True
            raise
        except OutliveError as error:
            if str(error) != self._said:
                self._said = str(error)
                self._parts.say(f"{error} cure: {error.hint}")

    def _tick(self) -> None:
        parts, now, steady = self._parts, self._parts.clock.now(), self._parts.clock.monotonic()
        if self._rhythm.beat.is_time(steady):
            parts.store.hold()
            parts.store.set_beat(Beat(self._started_at, now))
        self._runner.follow(now)
        if not self._has_room():
            return
        if self._rhythm.housekeeping.is_time(steady):
            parts.engine.adopt_orphans()
            parts.engine.prune(now - timedelta(days=HISTORY_DAYS))
        if parts.counting is not None and self._rhythm.counting.is_time(steady):
            parts.counting.write(now)
        self._runner.start_due(now)

    def _wind_down(self) -> None:
        parts = self._parts
        parts.say("stopping: what runs may come to its end")
        if not parts.engine.drain(parts.drain_seconds, lambda: self._hurry):
            parts.say("ending what still runs; the next start goes on with it")
            parts.end_jobs()
            parts.engine.drain(5)
        self._telling.join(LOOKS_SECONDS)
        parts.engine.close()
        if self._looks:
            self._looks.stop()
        self._looking.join(LOOKS_SECONDS)
        _at_once([stream.stop for stream in self._streams])
        self._teller.stop()
        parts.say("stopped")

    def _has_room(self) -> bool:
        """A full disk kills running workflows for good (research: engine.md 4.6): none is begun without room."""
        parts = self._parts
        free = shutil.disk_usage(_existing(parts.settings.keeper.state)).free
        if free >= parts.free_bytes:
            self._quiet_about_disk = False
            return True
        if not self._quiet_about_disk:
            parts.say(f"only {free >> 20} MiB are free for the keeper's state: no job is started until there is room")
            self._quiet_about_disk = True
        return False

    def _look(self) -> None:
        """In a thread of its own. A fault there is told, ends neither streams nor backups, and is begun anew."""
        parts = self._parts
        while parts.looks is not None and not self._stopping:
            try:
                self._looks = parts.looks(self._identity_by_stream)
                asyncio.run(self._looks.run(lambda: self._stopping))
            except Exception as error:  # noqa: BLE001 - as above
                parts.say(f"nobody looks at the hosts for {AGAIN_SECONDS:.0f} s: {type(error).__name__}: {error}")
                self._rest(AGAIN_SECONDS)

    def _tell(self) -> None:
        """In a thread of its own. A fault there ends nothing else and is begun anew."""
        parts = self._parts
        while parts.alerting is not None and not self._stopping:
            try:
                parts.alerting.run(lambda: self._stopping)
            except Exception as error:  # noqa: BLE001 - as above
                parts.say(f"nobody is told anything for {AGAIN_SECONDS:.0f} s: {type(error).__name__}: {error}")
                self._rest(AGAIN_SECONDS)

    def _rest(self, seconds: float) -> None:
        """Not longer than until it is stopped."""
        end = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < end:
            time.sleep(TICK_SECONDS)

    def _identity_by_stream(self, asset: str) -> PostgresIdentity | None:
        """What the asset's stream has just heard from its server; None when it is not streaming."""
        for stream in self._streams:
            heard, state = stream.shipped, stream.state
            if state.asset != asset or heard is None or state.health is not StreamHealth.STREAMING:
                continue
            if heard.timeline and abs((self._parts.clock.now() - heard.at).total_seconds()) < HEARD_SECONDS:
                return PostgresIdentity(heard.lineage.removeprefix("pg-"), heard.timeline, show(heard.server_end))
        return None

    def _told(self, state: StreamState) -> None:
        """From a stream's thread."""
        now = self._parts.clock.now()
        if self._parts.counting is not None:
            streams = state.health is StreamHealth.STREAMING
            self._parts.counting.behind(state.asset, state.until, now, "" if streams else state.why or state.health)
        self._teller.stream(
            StreamRow(
                asset=state.asset,
                health=state.health,
                since=state.since,
                until=state.until,
                position=show(state.position),
                bytes_at_risk=state.bytes_at_risk,
                why=state.why,
                advice=state.advice,
                told_at=now,
                skew_seconds=state.skew_seconds,
                safe_bytes=state.safe_bytes,
            )
        )

    def _gap(self, asset: str, why: str) -> None:
        """From a stream's thread. Log is missing for good: a new base copy begins a new window, now and not when the next
        one is due."""
        self._parts.say(f"{asset}: {why} A new base copy is taken.")
        self._teller.wanted(f"{wanted.BACKUP}:{asset}", self._parts.clock.now())


def _at_once(acts: Sequence[Callable[[], None]]) -> None:
    with ThreadPoolExecutor(max(1, len(acts))) as pool:
        for act in acts:
            pool.submit(act)


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path
