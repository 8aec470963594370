"""A keeper that watches the lab with the real watching code, look after look, in the test's own process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from outlive import wiring_watch
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.lab.keeper import CONFIG
from outlive.lab.world import Lab
from outlive.model.check import Check
from outlive.model.verdict import Verdict
from outlive.model.watching import Enrolment
from outlive.state.watching import Watching
from outlive.watch import ledger
from outlive.watch.enrolling import Candidate, candidate, pin
from outlive.watch.watcher import Watcher

PATIENCE_SECONDS = 5.0  # nobody in the lab is further away than a bridge
INSIDE_SECONDS = 15.0  # but its machine may be busy, and its Docker engine with a loop
TRIES = 5


class LabKeeper:
    """Keeps its SSH connections and what it saw from look to look, as `outlive keep` does."""

    def __init__(self, watcher: Watcher, memory: Watching, runner: asyncio.Runner) -> None:
        self._watcher = watcher
        self._memory = memory
        self._runner = runner
        self._settings = watcher.settings

    def look(self, *, databases: bool = False) -> dict[str, Verdict]:
        """Everybody is asked once; what is judged from all that was ever seen. Databases are asked when it is said: the
        keeper too asks them every five minutes, and a silent one costs twenty seconds."""
        self._watcher.settings = self._settings if databases else replace(self._settings, assets=[])
        self._watcher.reload()
        self._runner.run(self._watcher.once())
        news = self._watcher.news()
        self._watcher.write(news)
        self._watcher.written(news)
        return {one.host: one for one in self._watcher.judge().hosts}

    def containers(self) -> list[object]:
        """What was told of them last, for a reader of a test that failed."""
        seen = [one for one in self._watcher.recall.present() if one.fact == "container"]
        return [(one.at, one.subject, one.error, one.value) for one in seen]

    def enrol(self) -> None:
        """Whoever answers now is who the hosts are."""
        self._watcher.settings = self._settings
        found: dict[str, Candidate | None] = {}
        for _ in range(TRIES):  # until everybody lets us in
            seen = self._runner.run(self._watcher.once())
            found = {host.name: candidate(self._watcher, seen, host) for host in self._settings.hosts}
            if all(found.values()):
                break
        for host in self._settings.hosts:
            one = found[host.name]
            assert one is not None, f"{host.name} let nobody in"
            pin(self._memory, self._watcher, host, one, _enrolment(self._watcher, host.name, one.facts))

    def tell(self, host: str, address: str) -> None:
        """As `outlive identity HOST --address ADDRESS`."""
        self._memory.tell([ledger.at(host, address, "ops", self._watcher.now())])

    def forget(self, host: str, address: str) -> None:
        assert self._memory.forget(host, address, self._watcher.now())


@contextmanager
def keeper_of(lab: Lab, state: Path) -> Iterator[LabKeeper]:
    """With a memory of its own in that folder, and the hosts enrolled as they are."""
    settings = load(lab.folder / CONFIG)
    keeper = replace(settings.keeper, state=state)
    watch = replace(settings.watch, timeout_seconds=INSIDE_SECONDS)
    hosts = [replace(host, checks=tuple(map(_quick, host.checks))) for host in settings.hosts]
    settings = replace(settings, keeper=keeper, watch=watch, hosts=hosts)
    clock = SystemClock()
    with ExitStack() as stack:
        memory = stack.enter_context(wiring_watch.memory(settings))
        runner = stack.enter_context(asyncio.Runner())
        eyes = wiring_watch.eyes(settings, clock)
        stack.callback(lambda: runner.run(eyes.close()))
        one = LabKeeper(Watcher(eyes, memory), memory, runner)
        one.enrol()
        yield one


def _quick(check: Check) -> Check:
    return replace(check, timeout_seconds=PATIENCE_SECONDS)


def _enrolment(watcher: Watcher, host: str, facts: dict[str, object]) -> Enrolment:
    return Enrolment(host, watcher.now(), "test", "first", facts)
