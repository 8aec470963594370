"""What `check` and `identity` share: one look at everything, remembered and judged."""

from __future__ import annotations

import asyncio
import getpass
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from outlive import wiring_watch
from outlive.cli.voice import complain
from outlive.clock import Clock
from outlive.config.schema import Settings
from outlive.errors import OutliveError
from outlive.keeper.advice import SILENT_SECONDS
from outlive.model.observation import Observation
from outlive.model.verdict import Address, Name, Verdict
from outlive.model.watching import Judged
from outlive.state.watching import Watching
from outlive.verdict.judgement import Judgement
from outlive.watch import three_ways
from outlive.watch.project_sight import FOUND
from outlive.watch.project_told import DAY, PAST
from outlive.watch.watcher import Watcher

SELDOM = timedelta(days=1)  # how often registries are asked
UNTOLD = frozenset({Name.NO_DATA, Name.UNREACHABLE_UNPROVEN})


@dataclass(frozen=True, slots=True)
class Look:
    """One look at all hosts, and what it comes to."""

    watcher: Watcher
    began: datetime
    seen: list[Observation]
    judgement: Judgement

    @property
    def hosts(self) -> tuple[Verdict, ...]:
        """Of the hosts in `outlive.toml`, in their order."""
        found = {one.host: one for one in self.judgement.hosts}
        return tuple(
            found.get(host.name, Verdict(host.name, Name.NO_DATA, False)) for host in self.watcher.settings.hosts
        )

    def present(self, fact: str, lately: timedelta = timedelta(0)) -> list[Observation]:
        """What was seen of it in this look, or so long before."""
        return [one for one in self.watcher.recall.present() if one.fact == fact and one.at >= self.began - lately]

    @property
    def addresses(self) -> list[Address]:
        return self.watcher.addresses(self.judgement)

    @property
    def provider(self) -> dict[str, Any]:
        """`{"findings": [..], "no_data": [{"provider", "why"}]}`. Changes of a day are told again: whoever looks now may
        not have been here when they were seen."""
        seen = [one for one in self.watcher.recall.present() if one.fact == FOUND]
        recent = [one for one in seen if one.at >= self.began - (DAY if one.value["kind"] in PAST else timedelta(0))]
        blind = [one for one in self.seen if one.fact in ("provider.server", "tofu.plan") and one.error is not None]
        recent.sort(key=lambda one: not one.value["alarm"])
        return {
            "findings": [
                {"at": one.at, "provider": one.witness.removeprefix("provider ")} | _bare(one) for one in recent
            ],
            "no_data": [
                {
                    "provider": one.value.get("name") or one.witness.removeprefix("provider "),
                    "why": one.value.get("why") or one.error,
                }
                for one in blind
            ],
        }

    @property
    def three_ways(self) -> list[three_ways.Row]:
        """What state, API and machine say, of every host of which one of the first two says anything."""
        return three_ways.rows([one.name for one in self.watcher.settings.hosts], self.seen, self.addresses)

    @property
    def exit_code(self) -> int:
        """1 when anything was found, 3 when something could not be told, 0 when every host is well, or as was declared."""
        alarming = [one for one in self.hosts if one.name is not Name.SAME_MACHINE_OK and not one.accepted]
        told = self.provider
        if any(one.name not in UNTOLD for one in alarming) or any(one["alarm"] for one in told["findings"]):
            return 1
        if any(one.is_alarm for one in self.three_ways) or self.judgement.is_leaking:
            return 1
        return 3 if alarming or told["no_data"] else 0


def _bare(one: Observation) -> dict[str, Any]:
    return {name: value for name, value in one.value.items() if name != "id"}


def person() -> str:
    """Who sits here, as far as this machine knows."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


def look(settings: Settings, clock: Clock, memory: Watching | None) -> Look:
    """Asks every witness once. A memory that cannot be written is told, and does not keep anybody from looking."""
    return asyncio.run(_look(settings, clock, memory))


async def _look(settings: Settings, clock: Clock, memory: Watching | None) -> Look:
    eyes = wiring_watch.eyes(settings, clock)
    try:
        watcher, began = Watcher(eyes, memory), clock.now()
        seen = await watcher.once()
    finally:
        await eyes.close()
    judgement = watcher.judge()
    found = Look(watcher, began, seen, judgement)
    if memory is not None:
        _tolerantly(lambda: _remember(found, memory, clock))
    return found


def _remember(found: Look, memory: Watching, clock: Clock) -> None:
    """What was seen; and the verdicts, unless a keeper is at work: it believes no single look."""
    found.watcher.write(found.watcher.news())
    now, told_at = clock.now(), memory.keeper_told_at()
    if told_at is not None and abs((now - told_at).total_seconds()) <= SILENT_SECONDS:
        return
    for one in found.hosts:
        memory.judged(Judged(one.host, now, now, one.name, one.confirmed, one.to_json()))


@contextmanager
def remembering(settings: Settings, *, wanted: bool = True) -> Iterator[Watching | None]:
    """The keeper's memory; None when it is not wanted, or cannot be opened, which is told."""
    with ExitStack() as stack:
        memory: Watching | None = None
        try:
            memory = stack.enter_context(wiring_watch.memory(settings)) if wanted else None
        except OutliveError as error:
            complain(f"outlive: {error}\n  cure: {error.hint}\n  Looking without a memory of what was seen before.\n")
        yield memory


def _tolerantly(act: Callable[[], None]) -> None:
    try:
        act()
    except OutliveError as error:
        complain(f"outlive: what was seen could not be remembered: {error}\n  cure: {error.hint}\n")
