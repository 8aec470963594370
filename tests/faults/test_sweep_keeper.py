"""One failure at every call of the keeper's memory and of its engine: it is told, nothing is begun twice, and in the end
all is as if nothing had happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from outlive.engine.dbos_engine import EngineUnreachable
from outlive.engine.port import RunStatus
from outlive.errors import OutliveError
from outlive.keeper.runner import Runner
from outlive.state.errors import StateFailed
from outlive.state.store import Store
from outlive.testing.clock import ManualClock
from tests.engine.databases import sqlite_url
from tests.faults.failing import Failing
from tests.keeper.memory_engine import MemoryEngine
from tests.keeper.test_jobs import settings

HOUR = 3600.0


class World:
    """A day of a keeper's: what is due is begun, one run fails, one is asked for by a stream."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.real_store, self.real_engine = Store(sqlite_url(folder)), MemoryEngine(self.clock)
        self.store, self.engine = Failing(self.real_store), Failing(self.real_engine)
        self.errors: list[OutliveError] = []

    def day(self) -> None:
        settled, said = settings(schedule="stream = false\nprune_every_seconds = 0"), list[str]()
        runner: Any = Runner(settled, self.store, self.engine, said.append, lambda asset: None)  # type: ignore[arg-type]
        for hour in range(30):
            self._attempt(runner.follow)
            self._attempt(runner.start_due)
            self._end_all(RunStatus.FAILED if hour == 0 else RunStatus.DONE)
            if hour == 10:
                self._attempt(lambda now: runner.bring_forward("backup:db", now), again=True)
            self.clock.advance(HOUR)

    def _attempt(self, act: Any, *, again: bool = False) -> None:
        """As the loop and the teller do: the next tick, or with `again` the next second, tries once more."""
        try:
            act(self.clock.now())
        except OutliveError as error:
            self.errors.append(error)
            if again:
                act(self.clock.now())

    def _end_all(self, status: RunStatus) -> None:
        for run in self.real_engine.running():
            self.real_engine.end(run.id, status, "host down" if status is RunStatus.FAILED else "")

    def outcome(self) -> tuple[Counter[str], dict[str, bool]]:
        """How often each job was begun, and how its last run came out."""
        begun = Counter(run_id.rpartition(":")[0] for run_id in self.real_engine.begun)
        return begun, {job: one.ok for job, one in self.real_store.outcomes().items()}

    def close(self) -> None:
        self.real_store.close()


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Any]:
    made: list[World] = []

    def one() -> World:
        made.append(World(tmp_path / str(len(made))))
        return made[-1]

    yield one
    for world in made:
        world.close()


@pytest.mark.slow
@pytest.mark.parametrize("part", ["store", "engine"])
def test_a_day_with_one_failure(make: Any, part: str) -> None:
    clean = make()
    clean.day()
    begun, outcomes = clean.outcome()
    assert begun["backup:db"] >= 3 and all(outcomes.values()) and clean.errors == []
    calls = getattr(clean, part).calls
    assert (
        set(calls)
        >= {"store": {"dues", "set_due", "outcomes", "set_outcome"}, "engine": {"start", "status", "running"}}[part]
    )
    error = StateFailed("disk full") if part == "store" else EngineUnreachable("away")
    for method, count in sorted(calls.items()):
        for position in sorted({0, 1, 2, 3, count // 2, count - 1} & set(range(count))):
            for after_effect in (False, True):
                world, what = make(), f"{method} number {position}{', its effect done' * after_effect}"
                failing = Failing(getattr(world, f"real_{part}"), method, position, error, after_effect=after_effect)
                setattr(world, part, failing)
                world.day()
                assert failing.was_met and world.errors, f"{what}: it was swallowed"
                real = world.real_engine
                assert len(real.begun) == len(set(real.begun)), f"{what}: begun twice"
                again, now = world.outcome()
                assert now == outcomes, what
                for job in begun:
                    assert abs(again[job] - begun[job]) <= 1, f"{what}: {job}: {again[job]} for {begun[job]}"
                world.close()
