"""The keeper about itself: can it see at all? Asked when a host is silent, and not more often than that."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from outlive.clock import Clock
from outlive.config.schema_watch import WatchSettings
from outlive.model.observation import Channel, Observation
from outlive.transport.canary import Canary, ask
from outlive.transport.dns import Names
from outlive.transport.net import Trust
from outlive.watch import blindness
from outlive.witnesses.base import Pad

CANARY_SECONDS = 4.0
AGAIN_SECONDS = 3.0  # many silent looks at once are one question to the canaries
CLOCK_SECONDS = 600.0
SUBJECT = "keeper"


class OwnState:
    """Keeps what is known of the network and the clock between two looks. `state` is as last said; None: nothing is
    known."""

    def __init__(self, settings: WatchSettings, names: Names, trust: Trust, clock: Clock) -> None:
        self._settings = settings
        self._names = names
        self._trust = trust
        self._clock = clock
        self._pad = Pad("self", Channel.INSIDE, SUBJECT, clock)
        self._skews: dict[str, tuple[float, float]] = {}  # who told, when (steady), how far ahead
        self._asked: float | None = None
        self._network: str | None = None
        self._told: str | None = None  # by the canaries, when they were asked last
        self.locked = False  # set from outside: the memory could not be written
        self.state: str | None = None
        self._lock = asyncio.Lock()

    async def after(self, seen: Iterable[Observation], *, alone: bool = False) -> list[Observation]:
        """What is to be said of the keeper itself after a look. `alone`: nothing else was seen meanwhile that would show
        that the network is there."""
        seen = list(seen)
        now = self._clock.monotonic()
        self._skews |= {who: (now, skew) for who, skew in blindness.skews(seen).items()}
        if blindness.answered(seen):
            self._network = blindness.OK
        elif alone and blindness.silent(seen):
            self._network = await self._ask_canaries()
        told = (self._network, self._clock_state(now), blindness.LOCKED if self.locked else None)
        self.state = blindness.worst(told)
        return [] if self.state is None else [self._pad.note("self", {"state": self.state})]

    async def check_clock(self) -> None:
        """Asks the canaries for the time, where none of the hosts told it lately."""
        if len(self._fresh(self._clock.monotonic())) < 2:
            await self._ask_canaries()

    async def _ask_canaries(self) -> str | None:
        """What they say of the network; the time that they tell is kept."""
        async with self._lock:
            now = self._clock.monotonic()
            if self._asked is not None and now - self._asked < AGAIN_SECONDS:
                return self._told
            places = self._settings.canaries
            told = await asyncio.gather(*(ask(one, self._names, self._trust, CANARY_SECONDS) for one in places))
            self._asked = self._clock.monotonic()
            self._told = blindness.network(one.answered for one in told)
            self._skews |= {one.place: (self._asked, skew) for one in told if (skew := self._skew(one)) is not None}
            return self._told

    def _skew(self, canary: Canary) -> float | None:
        return None if canary.date is None else (canary.date - self._clock.now()).total_seconds()

    def _clock_state(self, now: float) -> str | None:
        return blindness.clock(self._fresh(now))

    def _fresh(self, now: float) -> dict[str, float]:
        return {who: skew for who, (at, skew) in self._skews.items() if now - at <= CLOCK_SECONDS}
