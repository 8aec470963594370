"""The keeper's looking: each thing in its own rhythm, judged as soon as something was seen, remembered, and what the
keeper itself could not see written down. Runs in an event loop of its own; `loop.py` starts it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from outlive.clock import Clock
from outlive.errors import OutliveError
from outlive.model.observation import Observation
from outlive.model.schedule import Beat
from outlive.model.verdict import Verdict
from outlive.model.watching import Blind, Judged
from outlive.state.watching import Watching
from outlive.verdict.judge import judge
from outlive.verdict.steady import SHORTEST_INTERVAL_SECONDS, Settled
from outlive.watch import blindness, project_sight
from outlive.watch.accepting import accept_declared
from outlive.watch.beliefs import Beliefs
from outlive.watch.look import look_once
from outlive.watch.plan import Ask
from outlive.watch.watcher import Watcher

SETTLE_SECONDS = 0.3  # looks that end together are judged together
FIRST_SECONDS = 15.0
SELDOM_SECONDS = 3600.0
QUICK = ("ssh", "docker", "local", "http", "tls", "tcp")
JUDGE_SECONDS = 30.0  # without news: what was seen grows old
LOCATE_SECONDS = 30.0
TIDY_SECONDS = 3600.0
CLOCK_SECONDS = 600.0
SILENT_SECONDS = 60.0  # the keeper tells every 15 that it is there
BLIND = {
    blindness.NO_NETWORK: ("the hosts, over the network", "the keeper had no network: none of the canaries answered"),
    blindness.CLOCK_SKEW: ("the time", "the keeper's clock was off by more than a minute"),
    blindness.LOCKED: ("what was seen", "the keeper's memory could not be written"),
}


@dataclass(frozen=True, slots=True)
class LookParts:
    """What the looking needs; made in `wiring_watch`. `last_beat` is the sign of life of the keeper before this one;
    `counted` is told what was seen at a host."""

    watcher: Watcher
    memory: Watching
    clock: Clock
    say: Callable[[str], None]
    last_beat: Beat | None = None
    counted: Callable[[str, Sequence[Observation]], None] = lambda host, seen: None


class Looks:
    """Runs until stopped."""

    def __init__(self, parts: LookParts) -> None:
        self._parts = parts
        self._watcher = parts.watcher
        self._own = parts.watcher.own
        self._stop = asyncio.Event()
        self._news = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asking: dict[Ask, asyncio.Task[None]] = {}
        self._blind: dict[str, Blind] = {}
        self._answered_at = float("-inf")
        self._beliefs = Beliefs(parts.memory.standing().values(), parts.clock.now())
        self._said: dict[str, str] = {}
        self._done: set[Ask] = set()
        self._alarms: dict[Ask, frozenset[str]] = {}  # of the last look: what goes on is said once

    def stop(self) -> None:
        """From any thread."""
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended already
                self._loop.call_soon_threadsafe(self._stop.set)

    async def run(self, stopped: Callable[[], bool] = lambda: False) -> None:
        """`stopped`: whether `stop` was called before this began."""
        self._loop = asyncio.get_running_loop()
        if stopped():
            self._stop.set()
        await self._tolerantly(self._was_away)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._every(LOCATE_SECONDS, lambda: self._locate(group))),
                    group.create_task(self._judging()),
                    group.create_task(self._every(TIDY_SECONDS, lambda: self._tolerantly(self._tidy))),
                    group.create_task(self._every(CLOCK_SECONDS, self._own.check_clock)),
                ]
                await self._stop.wait()
                for task in (*tasks, *self._asking.values()):
                    task.cancel()
        finally:
            await self._watcher.eyes.close()
            await self._write()

    async def _every(self, seconds: float, act: Callable[[], Awaitable[object]]) -> None:
        while True:
            await act()
            await asyncio.sleep(seconds)

    async def _locate(self, group: asyncio.TaskGroup) -> None:
        """What people changed, and where the hosts are now; then everything planned is being asked, and nothing else."""
        await self._tolerantly(self._watcher.reload)
        await self._watcher.locate()
        wanted = dict.fromkeys(self._watcher.plan())
        for gone in self._asking.keys() - wanted.keys():
            self._asking.pop(gone).cancel()
        self._watcher.eyes.forget(list(wanted))
        for ask in wanted:
            if ask not in self._asking:
                self._asking[ask] = group.create_task(self._ask(ask))

    async def _ask(self, ask: Ask) -> None:
        """One thing, again and again: steadily, so that one slow answer shifts no later look."""
        eyes = self._watcher.eyes
        next_at = self._steady() + spread(ask)
        while True:
            await asyncio.sleep(max(0.0, next_at - self._steady()))
            began = self._steady()
            seen = await look_once(eyes.witness(ask), eyes.ceiling_seconds(ask))
            if blindness.answered(seen):
                self._answered_at = self._steady()
            self._parts.counted(ask.host, seen)
            own = await self._own.after(seen, alone=self._answered_at < began)
            self._done.add(ask)
            alarms = project_sight.alarms(self._watcher.learn(ask, seen))
            for words in sorted(alarms - self._alarms.get(ask, frozenset())):
                self._parts.say(words)
            self._alarms[ask] = alarms
            self._watcher.recall.add(own)
            self._news.set()
            next_at = max(next_at + self._interval_seconds(ask), self._steady())

    def _interval_seconds(self, ask: Ask) -> float:
        """Shorter while a change is not settled, for what is asked as often as the hosts themselves."""
        if ask.kind not in QUICK or not self._beliefs.is_pending:
            return ask.every_seconds
        return min(ask.every_seconds, max(SHORTEST_INTERVAL_SECONDS, ask.every_seconds / 2))

    async def _judging(self) -> None:
        await self._first_round()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(JUDGE_SECONDS):
                    await self._news.wait()
            await asyncio.sleep(SETTLE_SECONDS)
            self._news.clear()
            watcher, now = self._watcher, self._parts.clock.now()
            present, evidence = watcher.recall.present(), watcher.evidence(now)
            await self._write()
            await self._tolerantly(self._accept, present)
            await self._tolerantly(self._judge, evidence, now)

    async def _first_round(self) -> None:
        """Before everybody was asked once there is nothing to judge; whoever hangs is not waited for."""
        deadline = self._steady() + FIRST_SECONDS
        while not self._asking or {ask for ask in self._asking if ask.every_seconds < SELDOM_SECONDS} - self._done:
            if self._steady() > deadline:
                return
            await asyncio.sleep(SETTLE_SECONDS)

    async def _write(self) -> None:
        news = self._watcher.news()
        self._own.locked = not await self._tolerantly(self._watcher.write, news)
        if not self._own.locked:
            self._watcher.written(news)

    def _accept(self, present: Sequence[Observation]) -> None:
        for words in accept_declared(self._watcher, self._parts.memory, present):
            self._parts.say(words)

    def _judge(self, evidence: Sequence[Observation], now: datetime) -> None:
        """Remembers what is believed of each host, and tells what came to be another."""
        memory, settings = self._parts.memory, self._watcher.settings
        standing = memory.standing()
        for one in judge(evidence, now=now, settings=self._watcher.judging).hosts:
            if (host := settings.host(one.host)) is None:
                continue
            every = host.every_seconds or settings.watch.every_seconds
            believed = self._beliefs.see(one.host, one.name, now, every)
            before = standing.get(one.host)
            if one.name is believed.name:
                told = Judged(one.host, now, now, one.name, one.confirmed, _document(one, believed))
            elif before is not None and before.verdict == believed.name:
                told = replace(before, judged_at=now, document=before.document | {"pending": one.name})
            else:
                continue  # two looks that agree are wanted before anything is told
            memory.judged(told)
            if before is None or (before.verdict, before.confirmed) != (told.verdict, told.confirmed):
                self._parts.say(f"{one.host}: {told.verdict}{'' if told.confirmed else ' (not confirmed)'}")
        self._note_blindness(self._own.state, now)

    def _note_blindness(self, state: str | None, now: datetime) -> None:
        """A time of not seeing begins, or ends."""
        for kind in [kind for kind in self._blind if kind != state]:
            self._parts.memory.set_blind(replace(self._blind[kind], until=now))
            del self._blind[kind]
            self._parts.say(f"seeing again: {BLIND[kind][0]}")
        if state in BLIND and state not in self._blind:
            what, why = BLIND[state]
            self._blind[state] = Blind(what, now, None, why)
            self._parts.memory.set_blind(self._blind[state])
            self._parts.say(f"not seeing {what}: {why}")

    def _was_away(self) -> None:
        """What a keeper that is gone left open ended with it, and nobody looked since."""
        beat, now = self._parts.last_beat, self._parts.clock.now()
        if beat is None:
            return
        for one in self._parts.memory.blind(beat.started_at):
            if one.until is None:
                self._parts.memory.set_blind(replace(one, until=max(one.since, beat.told_at)))
        if (now - beat.told_at).total_seconds() > SILENT_SECONDS:
            self._parts.memory.set_blind(Blind("the hosts", beat.told_at, now, "the keeper did not run"))

    def _tidy(self) -> None:
        watch, now = self._watcher.settings.watch, self._parts.clock.now()
        self._parts.memory.prune(now - timedelta(days=watch.keep_days), watch.keep_rows)

    async def _tolerantly(self, act: Callable[..., None], *args: object) -> bool:
        """In a thread, because a database may wait; whether it was done. A memory that is away is told once, and does not
        keep anybody from looking."""
        try:
            await asyncio.to_thread(act, *args)
        except OutliveError as error:
            if str(error) != self._said.get(act.__name__):
                self._said[act.__name__] = str(error)
                self._parts.say(f"{error} cure: {error.hint}")
            return False
        self._said.pop(act.__name__, None)
        return True

    def _steady(self) -> float:
        return self._parts.clock.monotonic()


def _document(verdict: Verdict, believed: Settled) -> dict[str, Any]:
    return verdict.to_json() | ({"flapping": True} if believed.is_flapping else {})


def spread(ask: Ask) -> float:
    """When the first look of a thing is, from the start: early, and not all at one moment."""
    return int(sha256(repr(ask).encode()).hexdigest()[:8], 16) / 0xFFFFFFFF * min(2.0, ask.every_seconds / 5)
