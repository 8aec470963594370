"""The schedule at work: what it begins, follows, remembers, and does sooner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from outlive.config.schema import RehearsalSettings, Settings
from outlive.engine.port import RunStatus
from outlive.errors import VaultUnreachable
from outlive.keeper.runner import Runner
from outlive.model.recovery import Recovery, What
from outlive.state.recovering import Recovering
from outlive.state.store import Store
from outlive.testing.clock import ManualClock
from tests.engine.databases import sqlite_url
from tests.keeper.memory_engine import MemoryEngine
from tests.keeper.test_jobs import settings as settings_of

pytestmark = pytest.mark.slow

HOUR, DAY = 3600.0, 86400.0


@dataclass
class World:
    """A runner on a real store; `restart` makes a new one on the same store and engine, as after a kill."""

    url: str
    settings: Settings
    clock: ManualClock = field(default_factory=ManualClock)
    last: dict[str, datetime] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = MemoryEngine(self.clock)
        self.store = Store(self.url)
        self.restart()

    def restart(self) -> None:
        self.runner = Runner(self.settings, self.store, self.engine, self.said.append, self.last_copy)

    def last_copy(self, asset: str) -> datetime | None:
        return self.last.get(asset)

    def tick(self, seconds: float = 0) -> list[str]:
        """Lets time pass; the assets' jobs whose runs were begun then."""
        self.clock.advance(seconds)
        before = len(self.engine.begun)
        self.runner.follow(self.clock.now())
        self.runner.start_due(self.clock.now())
        begun = [run_id.rpartition(":")[0] for run_id in self.engine.begun[before:]]
        return [job for job in begun if ":" in job]

    def end_all(self, status: RunStatus = RunStatus.DONE, error: str = "") -> None:
        for run in self.engine.running():
            self.engine.end(run.id, status, error)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., World]]:
    made: list[World] = []

    def one(schedule: str = "stream = false") -> World:
        made.append(World(sqlite_url(tmp_path), settings_of(schedule=schedule)))
        return made[-1]

    yield one
    for world in made:
        world.store.close()


def test_what_has_no_copy_is_copied_at_once(make: Callable[..., World]) -> None:
    assert sorted(make().tick()) == ["backup:db", "backup:files"]


def test_a_lost_memory_does_not_copy_everything_again(make: Callable[..., World]) -> None:
    world = make()
    world.last["db"] = world.clock.now() - timedelta(hours=20)
    assert world.tick() == ["backup:files"]
    world.end_all()
    assert world.tick(4 * HOUR + 60) == ["backup:db"]


def test_a_vault_that_cannot_be_asked_is_told_and_the_copy_taken(make: Callable[..., World]) -> None:
    world = make()

    def away(asset: str) -> datetime | None:
        raise VaultUnreachable("it is away")

    world.last_copy = away  # type: ignore[method-assign]
    world.restart()
    assert sorted(world.tick()) == ["backup:db", "backup:files"]
    assert any("it is away" in line for line in world.said)


def test_a_first_base_copy_waits_for_its_slot_but_not_for_ever(make: Callable[..., World]) -> None:
    world = make("stream = true")
    assert world.tick() == ["backup:files"]
    assert world.tick(30) == []
    world.runner.log_is_kept("db", world.clock.now())
    assert world.tick() == ["backup:db"]
    world.runner.log_is_kept("db", world.clock.now())
    world.end_all()
    assert world.tick(60) == [], "told once, it is not due again with every word of the stream"


def test_a_stream_that_never_comes_does_not_keep_the_copy_waiting(make: Callable[..., World]) -> None:
    world = make("stream = true")
    world.tick()
    assert world.tick(61) == ["backup:db"]


def test_after_a_restart_nothing_is_begun_twice(make: Callable[..., World]) -> None:
    world = make()
    world.tick()
    world.restart()
    assert world.tick() == []
    assert any(line.startswith("going on with backup:db:") for line in world.said)


def test_killed_between_beginning_and_remembering_the_same_run_is_asked_for(make: Callable[..., World]) -> None:
    world = make()
    remember = world.store.set_due
    due_at_first = []

    def killed(due: object) -> None:
        if world.engine.asked:
            raise KeyboardInterrupt
        remember(due)  # type: ignore[arg-type]
        due_at_first.append(due)

    world.store.set_due = killed  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        world.tick()
    world.store.set_due = remember  # type: ignore[method-assign]
    world.end_all()
    world.restart()
    world.tick(5)
    assert len(world.engine.asked) == len(set(world.engine.asked)) + 1
    assert len(world.engine.begun) == len(set(world.engine.asked))


def test_the_outcome_of_a_run_is_remembered_and_told(make: Callable[..., World]) -> None:
    world = make()
    world.tick()
    world.end_all(RunStatus.FAILED, "exit 3: host down")
    world.tick(5)
    outcome = world.store.outcomes()["backup:db"]
    assert (outcome.ok, outcome.said) == (False, "exit 3: host down")
    assert any("exit 3: host down" in line for line in world.said)


def test_a_failed_job_is_done_again_within_the_hour_and_then_keeps_failing_hourly(make: Callable[..., World]) -> None:
    world = make()
    world.tick()
    for _ in range(3):
        world.end_all(RunStatus.FAILED, "host down")
        assert world.tick(1) == []
        assert sorted(world.tick(HOUR)) == ["backup:db", "backup:files"]
    world.end_all()
    assert world.tick(HOUR) == [], "it went well: the next comes when it is due"


def test_a_job_that_still_runs_is_not_begun_again(make: Callable[..., World]) -> None:
    world = make()
    world.tick()
    assert "backup:db" not in world.tick(3 * DAY)
    world.end_all()
    assert "backup:db" in world.tick(60)


def test_a_run_that_ended_while_nobody_looked_is_told_after_the_restart(make: Callable[..., World]) -> None:
    world = make()
    world.tick()
    world.end_all(RunStatus.FAILED, "cut off")
    world.restart()
    world.tick()
    assert world.store.outcomes()["backup:db"].said == "cut off"
    world.restart()
    count = len(world.said)
    world.tick()
    assert len(world.said) == count, "told once"


def test_a_gap_makes_the_backup_due_now_and_survives_a_kill(make: Callable[..., World]) -> None:
    world = make()
    world.tick()
    world.end_all()
    world.tick(HOUR)
    world.runner.bring_forward("backup:db", world.clock.now())
    world.restart()
    assert world.tick(1) == ["backup:db"]


def test_a_gap_during_a_backup_takes_another_one_after_it(make: Callable[..., World]) -> None:
    world = make()
    world.tick()
    world.runner.bring_forward("backup:db", world.clock.now())
    assert world.tick(10) == []
    world.end_all()
    assert "backup:db" in world.tick(1)


def test_jobs_that_the_configuration_has_no_more_are_forgotten(make: Callable[..., World]) -> None:
    world = make()
    world.tick()
    world.end_all(RunStatus.FAILED, "x")
    world.tick(1)
    world.settings = replace(world.settings, assets=world.settings.assets[:1])
    world.restart()
    world.tick(1)
    assert not any("files" in job for job in (*world.store.dues(), *world.store.outcomes()))
    assert "backup:db" in world.store.dues()


def test_a_copy_that_could_not_be_proven_is_told_but_not_taken_again(make: Callable[..., World]) -> None:
    world = make()
    world.tick()
    for run in world.engine.running():
        world.engine.runs[run.id] = replace(run, result={"steps": {"prove it": {"not_proven": "no programs"}}})
    world.end_all()
    assert world.tick(1) == world.tick(HOUR) == []
    outcome = world.store.outcomes()["backup:db"]
    assert (outcome.ok, outcome.said) == (False, "no programs")


def test_a_red_drill_takes_a_new_copy_now_but_a_red_proof_does_not_go_round_in_circles(
    make: Callable[..., World],
) -> None:
    world = make()
    world.tick()
    red = {
        "exit_code": 1,
        "document": {"drills": [{"copy": "a", "ok": False, "checks": [{"name": "start", "ok": False}]}]},
    }

    def end_red() -> None:
        for run in world.engine.running():
            world.engine.runs[run.id] = replace(run, result={"steps": {"x": red}})
        world.end_all()

    end_red()
    assert world.tick(1) == [], "the copy was taken a moment ago: taking it again would prove no more"
    assert "RED: a: start" in world.store.outcomes()["backup:db"].said
    world.runner.bring_forward("drill:db", world.clock.now())
    assert world.tick(HOUR) == ["drill:db"]
    end_red()
    assert world.tick(1) == ["backup:db"]


def test_a_rehearsal_stays_due_while_somebody_recovers_and_is_caught_up_once(make: Callable[..., World]) -> None:
    world = make()
    world.settings = replace(world.settings, rehearsals=(RehearsalSettings(host="web-1", to="ssh://root@n"),))
    world.restart()
    world.tick()
    world.end_all()
    now, journal = world.clock.now(), Recovering(world.store)
    journal.begin(Recovery("lost-1", now, "web-1", "lost-host", "t", "ssh://n", "ops", (), ()))
    world.tick(3 * 30 * DAY)

    def some_ticks() -> list[str]:
        """Everything else that is due comes to its end, so that there is room."""
        begun = []
        for _ in range(6):
            begun += world.tick(60)
            world.end_all()
        return begun

    assert "rehearsal:web-1" not in some_ticks()
    assert [line for line in world.said if "waits" in line] == [
        "rehearse web-1 is due, and waits: the recovery lost-1 has not ended"
    ]
    journal.write("lost-1", world.clock.now(), "", What.ENDED, "ops", "done")
    assert some_ticks().count("rehearsal:web-1") == 1
