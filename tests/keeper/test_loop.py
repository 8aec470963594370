"""The loop: one broken tick ends nothing, a full disk begins nothing, a hold that is lost ends it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from outlive.config.load import load
from outlive.engine.port import RunStatus
from outlive.keeper.loop import Keeper, Parts
from outlive.lab.ground.process import wait_until
from outlive.model.runbook import Runbook
from outlive.state.errors import StateHeld, StateUnreachable
from outlive.state.store import Store
from outlive.testing.clock import ManualClock
from tests.engine.databases import sqlite_url
from tests.keeper.homes import home
from tests.keeper.memory_engine import MemoryEngine

pytestmark = pytest.mark.slow


@dataclass
class World:
    """A keeper in a thread. Its clock stands still: only what is due at the start is begun."""

    folder: Path
    state: Path
    changes: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    ended: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = ManualClock()
        self.engine = MemoryEngine(self.clock)
        self.store = Store(sqlite_url(self.state))
        settings = load(home(self.folder, keeper=f'state = "{self.state}"'))
        values: dict[str, Any] = {
            "settings": settings,
            "clock": self.clock,
            "store": self.store,
            "engine": self.engine,
            "streams": (),
            "say": self.said.append,
            "last_copy": lambda asset: None,
            "end_jobs": self.end_jobs,
            "drain_seconds": 0.5,
            "free_bytes": 0,
        }
        self.keeper = Keeper(Parts(**{**values, **self.changes}))

    def end_jobs(self) -> None:
        self.ended.append(True)
        for run in self.engine.running():
            self.engine.end(run.id, RunStatus.CANCELLED)

    def heard(self, words: str) -> bool:
        return any(words in line for line in self.said)


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Starts a keeper, lets it do something, stops it."""

    def one(until: Callable[[World], bool], state: Path | None = None, **changes: Any) -> World:
        world = World(tmp_path, state or tmp_path / "state", changes)
        thread = threading.Thread(target=world.keeper.run)
        thread.start()
        try:
            wait_until(lambda: until(world), "what was waited for", 10)
        finally:
            world.keeper.stop()
            thread.join(20)
            assert not thread.is_alive()
            world.store.close()
        return world

    return one


def test_it_begins_what_is_due_and_gives_signs_of_life(run: Any) -> None:
    world = run(lambda world: bool(world.engine.begun))
    assert world.engine.begun[0].startswith("backup:files:")
    store = Store(sqlite_url(world.state))
    beat = store.beat()
    store.close()
    assert beat is not None and beat.told_at == world.clock.now()


def test_stopping_waits_for_what_runs_then_ends_it(run: Any) -> None:
    world = run(lambda world: bool(world.engine.begun))
    assert world.ended == [True]
    assert world.heard("ending what still runs")


def test_stopping_ends_nothing_when_nothing_runs(run: Any) -> None:
    def ended(world: World) -> bool:
        for one in world.engine.running():
            world.engine.end(one.id)
        return world.heard("ended backup files: done")

    assert run(ended).ended == []


def test_a_full_disk_begins_nothing_and_says_so_once(run: Any, tiny_disk: Path) -> None:
    world = run(lambda world: world.heard("MiB are free") and _waited(2.5), state=tiny_disk, free_bytes=200 << 20)
    assert world.engine.begun == []
    assert sum("MiB are free" in line for line in world.said) == 1


def test_a_memory_that_is_away_ends_nothing_and_is_told_once(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(store: Store) -> None:
        raise StateUnreachable("the server is away")

    monkeypatch.setattr(Store, "dues", away)
    world = run(lambda world: world.heard("is away") and _waited(2.5))
    assert sum("the server is away" in line for line in world.said) == 1


def test_a_hold_that_was_lost_ends_it_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another keeper does the work now; what runs here is ended, not waited for."""
    world = World(tmp_path, tmp_path / "state", {"drain_seconds": 60})
    world.engine.start("backup:files:x-1", Runbook("backup files", ()))

    def lost(store: Store) -> None:
        raise StateHeld("(elsewhere)")

    monkeypatch.setattr(Store, "hold", lost)
    before = time.monotonic()
    with pytest.raises(StateHeld):
        world.keeper.run()
    assert world.ended == [True]
    assert time.monotonic() - before < 10
    world.store.close()


def _waited(seconds: float) -> bool:
    time.sleep(seconds)
    return True
