"""The schedule, as a small world: a keeper that ticks, sleeps, is killed between two writes, and whose clock jumps."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from outlive.keeper.schedule import AT_ONCE, LONG_SECONDS, Busy, Job, admit, due, first_due, job_of, mended, sooner
from outlive.model.runbook import Runbook, Step
from outlive.model.schedule import Due
from tests.examples import examples

NOON = datetime(2026, 2, 7, 12, tzinfo=UTC)
DAY, YEAR = 86400.0, 365 * 86400.0


def job(name: str = "backup:db", every: float = DAY, *, asset: str | None = "db", first: float = 0) -> Job:
    return Job(name, asset, Runbook(name, (Step("only", "act"),)), every, first)


@dataclass
class World:
    """Ticks as the loop does. Every run ends at once. `runs` are all that were begun, by id; `at` in steady seconds."""

    jobs: list[Job]
    now: datetime = NOON
    steady: float = 0.0
    known: dict[str, Due] = field(default_factory=dict)
    runs: dict[str, float] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)

    def tick(self, *, killed_before_remembering: bool = False) -> None:
        for one in self.jobs:
            kept = self.known.get(one.name)
            self.known[one.name] = mended(one, kept, self.now) if kept else first_due(one, self.now)
        for start in admit(due(self.jobs, self.known, self.now), [], self.now):
            self.asked[start.run_id] += 1
            self.runs.setdefault(start.run_id, self.steady)  # the engine begins an id once
            if not killed_before_remembering:
                self.known[start.job.name] = start.after

    def go(self, seconds: float, step: float = 60.0) -> None:
        end = self.steady + seconds
        while self.steady < end:
            self.sleep(step)
            self.tick()

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.steady += seconds

    def jump(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def of(self, name: str) -> list[float]:
        return sorted(at for run_id, at in self.runs.items() if job_of(run_id) == name)


def test_a_first_backup_is_due_at_once() -> None:
    world = World([job(), job("drill:db", first=DAY)])
    world.tick()
    assert (world.of("backup:db"), world.of("drill:db")) == ([0.0], [])


def test_a_job_keeps_its_rhythm() -> None:
    world = World([job(every=3600)])
    world.tick()
    world.go(10 * 3600)
    assert world.of("backup:db") == [3600.0 * hour for hour in range(11)]


@given(st.floats(min_value=1, max_value=3 * YEAR))
def test_what_was_missed_is_made_up_for_once(downtime: float) -> None:
    world = World([job()])
    world.tick()
    world.sleep(downtime)
    world.tick()
    world.tick()
    assert len(world.of("backup:db")) == (1 if downtime < DAY else 2)
    world.go(DAY, step=600)
    assert len(world.of("backup:db")) == (2 if downtime < DAY else 3)


@given(st.integers(min_value=1, max_value=4), st.floats(min_value=0, max_value=2 * DAY))
def test_killed_between_starting_and_remembering_nothing_is_started_twice(kills: int, later: float) -> None:
    world = World([job()])
    for _ in range(kills):
        world.tick(killed_before_remembering=True)
        world.sleep(later / kills)
    world.tick()
    assert len(world.runs) == 1 or later >= DAY
    assert max(world.asked.values()) >= kills


@examples(200)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([DAY, -DAY, YEAR, -YEAR, 3600.0, -3600.0, 59.0, -59.0]),
            st.floats(min_value=600, max_value=2 * DAY),
        ),
        max_size=5,
    )
)
def test_a_clock_that_jumps_starves_nothing_and_starts_nothing_twice(jumps: list[tuple[float, float]]) -> None:
    """A jump forward may bring one run early. After a jump, as after a run, the next comes within one period."""
    world = World([job()])
    world.tick()
    forward, jumped = 0, []
    for jump, then in jumps:
        world.jump(jump)
        jumped.append(world.steady)
        forward += jump > 0
        world.go(then, step=1800)
    world.go(DAY + 3600, step=1800)
    events = sorted([*world.of("backup:db"), *jumped, world.steady])
    slack = 2 * 1800 + 2 * 60
    assert max(later - earlier for earlier, later in pairwise(events)) <= DAY + slack, "nothing starves"
    assert len(world.runs) <= 2 + world.steady // DAY + forward, "no more runs than days and jumps explain"
    assert all(count == 1 for count in world.asked.values()), "no id is asked for twice"


def test_a_clock_set_back_by_exactly_its_period_repeats_no_id() -> None:
    """Ids made of times alone would come again, and the engine would take the new run for the old one."""
    world = World([job()])
    world.tick()
    for _ in range(3):
        world.sleep(DAY)
        world.tick()
        world.jump(-DAY)
        world.tick()
    world.go(2 * DAY)
    assert len(world.of("backup:db")) >= 5
    assert all(count == 1 for count in world.asked.values())


def test_a_shorter_period_counts_at_once_and_a_longer_one_from_the_next_run() -> None:
    known = Due("backup:db", NOON + timedelta(seconds=20 * 3600), 4)
    assert mended(job(every=3600), known, NOON).next_due == NOON + timedelta(hours=1)
    assert mended(job(every=7 * DAY), known, NOON) == known
    assert mended(job(every=3600), known, NOON).runs == 4


def test_a_first_time_further_away_than_the_period_is_left_alone() -> None:
    waiting = job(every=3600, first=6 * 3600)
    known = first_due(waiting, NOON)
    assert mended(waiting, known, NOON) == known


@given(st.floats(min_value=-YEAR, max_value=YEAR))
def test_a_lost_memory_asks_the_vault_when_it_was_done_last(ago: float) -> None:
    """What was done within the period is not done again at once; what is overdue, or from the future, is soon."""
    found = first_due(job(), NOON, NOON - timedelta(seconds=ago)).next_due
    assert NOON <= found <= NOON + timedelta(seconds=DAY + 60)
    if 0 < ago < DAY:
        assert found >= NOON + timedelta(seconds=DAY - ago)
    if ago >= DAY:
        assert found < NOON + timedelta(seconds=60)


def test_after_a_failure_the_next_run_comes_sooner_but_not_at_once() -> None:
    planned = Due("backup:db", NOON + timedelta(days=1), 2, "backup:db:x-2")
    assert sooner(job(), planned, NOON).next_due == NOON + timedelta(hours=1)
    assert sooner(job(every=1200), planned, NOON).next_due == NOON + timedelta(seconds=300)
    assert sooner(job(every=60), planned, NOON).next_due == NOON + timedelta(seconds=60)
    near = Due("backup:db", NOON + timedelta(seconds=5))
    assert sooner(job(), near, NOON) == near
    assert sooner(job(), planned, NOON).runs == 2


def test_the_longest_overdue_comes_first() -> None:
    jobs = [job(f"backup:{name}", asset=name) for name in "abc"]
    known = {
        f"backup:{name}": Due(f"backup:{name}", NOON - timedelta(hours=hours))
        for name, hours in zip("abc", (1, 3, 2), strict=True)
    }
    assert [start.job.name for start in due(jobs, known, NOON)] == ["backup:b", "backup:c", "backup:a"]


def test_only_so_many_run_beside_each_other() -> None:
    jobs = [job(f"backup:{number}", asset=str(number)) for number in range(10)]
    known = {one.name: Due(one.name, NOON) for one in jobs}
    assert len(admit(due(jobs, known, NOON), [], NOON)) == AT_ONCE
    busy = [Busy("backup:x", "x", NOON - timedelta(seconds=5))]
    assert len(admit(due(jobs, known, NOON), busy, NOON)) == AT_ONCE - 1


def test_one_run_an_asset_and_one_a_job() -> None:
    jobs = [job(), job("drill:db"), job("prune", asset=None)]
    known = {one.name: Due(one.name, NOON) for one in jobs}
    starts = due(jobs, known, NOON)
    assert [start.job.name for start in admit(starts, [], NOON)] == ["backup:db", "prune"]
    busy = [Busy("prune", None, NOON), Busy("drill:db", "db", NOON)]
    assert admit(starts, busy, NOON) == []


def test_one_rehearsal_at_a_time_of_whatever_host_and_however_long() -> None:
    jobs = [job(f"rehearsal:{host}", asset=None) for host in ("web-1", "web-2")] + [job("prune", asset=None)]
    known = {one.name: Due(one.name, NOON) for one in jobs}
    starts = due(jobs, known, NOON)
    assert [start.job.name for start in admit(starts, [], NOON)] == ["prune", "rehearsal:web-1"]
    busy = [Busy("rehearsal:web-2", None, NOON - timedelta(seconds=LONG_SECONDS + 1))]
    assert [start.job.name for start in admit(starts, busy, NOON)] == ["prune"]


def test_a_run_that_hangs_gives_up_its_place_but_not_its_asset() -> None:
    jobs = [job(f"backup:{name}", asset=name) for name in "abcd"]
    known = {one.name: Due(one.name, NOON) for one in jobs}
    old = NOON - timedelta(seconds=LONG_SECONDS + 1)
    hung = [Busy(f"backup:{name}", name, old) for name in "abc"]
    assert [start.job.name for start in admit(due(jobs, known, NOON), hung, NOON)] == ["backup:d"]


def test_who_must_wait_keeps_its_id_and_comes_first() -> None:
    waiting, other = job("backup:a", asset="a"), job("backup:b", asset="b")
    known = {"backup:a": Due("backup:a", NOON), "backup:b": Due("backup:b", NOON + timedelta(hours=1))}
    busy = [Busy("drill:a", "a", NOON)]
    first = due([waiting, other], known, NOON)[0]
    later = NOON + timedelta(hours=2)
    assert admit([first], busy, NOON) == []
    again = due([waiting, other], known, later)
    assert (again[0].job.name, again[0].run_id) == ("backup:a", first.run_id)
