"""The engine's port, on SQLite and on a real Postgres."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from outlive.engine.dbos_engine import DbosEngine
from outlive.engine.port import Act, Interrupted, Run, RunStatus
from outlive.engine.serializer import StepFailed
from outlive.errors import Refused, SourceFailed
from outlive.lab.ground.process import wait_until
from outlive.model.runbook import Runbook, Step
from tests.engine.databases import postgres_url, sqlite_url

pytestmark = pytest.mark.slow
Make = Callable[[Mapping[str, Act]], DbosEngine]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return sqlite_url(tmp_path)
    return postgres_url(request.getfixturevalue("postgres"))


@pytest.fixture
def make(url: str) -> Iterator[Make]:
    """Engines on one database, one after the other: a new one ends the one before it, as a restart does."""
    running: list[DbosEngine] = []

    def ended() -> None:
        while running:
            engine = running.pop()
            engine.drain(5)
            engine.close()

    def one(acts: Mapping[str, Act]) -> DbosEngine:
        ended()
        engine = DbosEngine(url, acts)
        running.append(engine)
        engine.launch()
        return engine

    yield one
    ended()


def single(act: str = "act", **settings: Any) -> Runbook:
    return Runbook("a book", (Step("only", act, {"x": [1, "ä", None]}, **settings),))


def ended(engine: DbosEngine, run_id: str) -> Run:
    wait_until(lambda: _status(engine, run_id) is not RunStatus.RUNNING, f"end of {run_id}", 20)
    found = engine.status(run_id)
    assert found is not None
    return found


def _status(engine: DbosEngine, run_id: str) -> RunStatus:
    found = engine.status(run_id)
    assert found is not None
    return found.status


def test_a_run_ends_with_what_its_steps_said(make: Make) -> None:
    engine = make({"act": lambda args, timeout: {"got": args["x"], "timeout": timeout}})
    before = datetime.now(UTC) - timedelta(seconds=2)
    engine.start("job:1", single(timeout_seconds=7.5))
    run = ended(engine, "job:1")
    assert run.status is RunStatus.DONE
    assert run.result == {"steps": {"only": {"got": [1, "ä", None], "timeout": 7.5}}}
    assert (run.name, run.error) == ("a book", "")
    assert before <= run.started_at <= run.updated_at <= datetime.now(UTC) + timedelta(seconds=2)


def test_the_same_id_twice_is_one_run(make: Make) -> None:
    calls: list[int] = []
    engine = make({"act": lambda args, timeout: calls.append(1) or {}})
    for _ in range(3):
        engine.start("job:1", single())
    ended(engine, "job:1")
    engine.start("job:1", single())
    time.sleep(0.3)
    assert (len(calls), len(engine.list())) == (1, 1)


def test_the_same_id_while_it_runs_is_one_run(make: Make) -> None:
    go, calls = threading.Event(), []

    def act(args: dict[str, Any], timeout: float) -> dict[str, Any]:
        calls.append(1)
        go.wait(10)
        return {}

    engine = make({"act": act})
    engine.start("job:1", single())
    wait_until(lambda: bool(calls), "the step")
    engine.start("job:1", single())
    time.sleep(0.3)
    go.set()
    assert ended(engine, "job:1").status is RunStatus.DONE
    assert len(calls) == 1


def test_a_failed_step_says_why_in_its_own_words(make: Make) -> None:
    def act(args: dict[str, Any], timeout: float) -> dict[str, Any]:
        raise SourceFailed("pg_dump: no space left")

    engine = make({"act": act})
    engine.start("job:1", single())
    run = ended(engine, "job:1")
    assert run.status is RunStatus.FAILED
    assert run.error == str(SourceFailed("pg_dump: no space left")), "no class names, no wrapping"


def test_a_bug_in_an_act_fails_the_run_and_is_named(make: Make) -> None:
    engine = make({"act": lambda args, timeout: {"x": args["missing"]}})
    engine.start("job:1", single())
    run = ended(engine, "job:1")
    assert (run.status, run.error) == (RunStatus.FAILED, "KeyError: 'missing'")


def test_what_is_not_json_fails_the_run(make: Make) -> None:
    engine = make({"act": lambda args, timeout: {"x": object()}})
    engine.start("job:1", single())
    run = ended(engine, "job:1")
    assert run.status is RunStatus.FAILED
    assert "is not JSON" in run.error


def test_an_unknown_act_fails_the_run(make: Make) -> None:
    engine = make({})
    engine.start("job:1", single())
    assert "knows no act 'act'" in ended(engine, "job:1").error


def test_a_step_is_tried_as_often_as_it_says(make: Make) -> None:
    moments: list[float] = []

    def act(args: dict[str, Any], timeout: float) -> dict[str, Any]:
        moments.append(time.monotonic())
        if len(moments) < 3:
            raise SourceFailed("not yet")
        return {"tries": len(moments)}

    engine = make({"act": act})
    engine.start("job:1", single(attempts=3, pause_seconds=0.2))
    assert ended(engine, "job:1").result == {"steps": {"only": {"tries": 3}}}
    assert all(later - earlier >= 0.2 for earlier, later in pairwise(moments))


def test_a_refusal_is_not_tried_again(make: Make) -> None:
    begun: list[str] = []

    def act(args: dict[str, Any], timeout: float) -> dict[str, Any]:
        begun.append("once")
        raise Refused("the gate is shut")

    engine = make({"act": act})
    engine.start("job:1", single(attempts=3, pause_seconds=60))
    assert "the gate is shut" in ended(engine, "job:1").error
    assert begun == ["once"]


def test_after_a_failed_step_no_further_one_is_begun(make: Make) -> None:
    begun: list[str] = []

    def act(args: dict[str, Any], timeout: float) -> dict[str, Any]:
        begun.append(args["name"])
        raise StepFailed("no")

    engine = make({"act": act})
    engine.start("job:1", Runbook("two", tuple(Step(name, "act", {"name": name}) for name in "ab")))
    ended(engine, "job:1")
    assert begun == ["a"]


def test_stopping_cuts_a_pause_short_and_the_next_launch_goes_on(make: Make) -> None:
    tries: list[int] = []

    def act(args: dict[str, Any], timeout: float) -> dict[str, Any]:
        tries.append(1)
        if len(tries) == 1:
            raise SourceFailed("not yet")
        return {"tries": len(tries)}

    engine = make({"act": act})
    engine.start("job:1", single(attempts=2, pause_seconds=60))
    wait_until(lambda: bool(tries), "the first try")
    before = time.monotonic()
    assert engine.drain(10), "a pause is no reason to wait"
    assert time.monotonic() - before < 3
    engine = make({"act": act})
    assert ended(engine, "job:1").result == {"steps": {"only": {"tries": 2}}}


def test_a_step_that_is_cut_off_is_begun_again_at_the_next_launch(make: Make) -> None:
    cut, begun = threading.Event(), threading.Event()

    def hangs(args: dict[str, Any], timeout: float) -> dict[str, Any]:
        begun.set()
        cut.wait(20)
        raise Interrupted

    engine = make({"act": hangs})
    engine.start("job:1", single())
    assert begun.wait(20)
    assert not engine.drain(0.3), "it has not ended by itself"
    cut.set()
    assert engine.drain(5)
    engine = make({"act": lambda args, timeout: {"second": True}})
    assert ended(engine, "job:1").result == {"steps": {"only": {"second": True}}}


def test_draining_lets_the_step_end_and_begins_no_other(make: Make) -> None:
    begun: list[str] = []

    def act(args: dict[str, Any], timeout: float) -> dict[str, Any]:
        begun.append(args["name"])
        time.sleep(0.5)
        return {"did": args["name"]}

    book = Runbook("two", tuple(Step(name, "act", {"name": name}) for name in "ab"))
    engine = make({"act": act})
    engine.start("job:1", book)
    wait_until(lambda: bool(begun), "the first step")
    assert engine.drain(10)
    assert begun == ["a"]
    engine = make({"act": act})
    assert ended(engine, "job:1").status is RunStatus.DONE
    assert begun == ["a", "b"], "what was recorded is not done again"


def test_draining_hurries_when_told(make: Make) -> None:
    go = threading.Event()
    begun = threading.Event()
    engine = make({"act": lambda args, timeout: {"begun": begun.set(), "waited": go.wait(20)}})
    engine.start("job:1", single())
    assert begun.wait(20)
    before = time.monotonic()
    assert not engine.drain(20, lambda: True)
    assert time.monotonic() - before < 2
    go.set()


def test_running_lists_what_has_not_ended(make: Make) -> None:
    go = threading.Event()
    engine = make({"wait": lambda args, timeout: {"waited": go.wait(20)}, "act": lambda args, timeout: {}})
    engine.start("short:1", single())
    engine.start("long:1", single("wait"))
    ended(engine, "short:1")
    assert [run.id for run in engine.running()] == ["long:1"]
    assert {run.id for run in engine.list()} == {"short:1", "long:1"}
    go.set()


def test_a_hung_run_does_not_keep_others_waiting(make: Make) -> None:
    go = threading.Event()
    engine = make({"wait": lambda args, timeout: {"waited": go.wait(30)}, "act": lambda args, timeout: {}})
    for number in range(20):
        engine.start(f"hung:{number}", single("wait"))
    engine.start("short:1", single())
    assert ended(engine, "short:1").status is RunStatus.DONE
    go.set()


def test_a_run_that_nobody_carries_is_adopted(make: Make) -> None:
    """A full disk, for one, throws a run out of its thread and leaves its row."""

    class ThrownOut(BaseException):
        pass

    calls: list[int] = []

    def act(args: dict[str, Any], timeout: float) -> dict[str, Any]:
        calls.append(1)
        if len(calls) == 1:
            raise ThrownOut
        return {"call": len(calls)}

    engine = make({"act": act})
    engine.start("job:1", single())
    wait_until(lambda: bool(calls), "the step")
    time.sleep(0.3)
    assert _status(engine, "job:1") is RunStatus.RUNNING
    assert engine.adopt_orphans() == 0, "seen once it may be just beginning"
    assert engine.adopt_orphans() == 1
    assert ended(engine, "job:1").result == {"steps": {"only": {"call": 2}}}


def test_a_run_that_goes_on_is_not_adopted(make: Make) -> None:
    go, calls = threading.Event(), []

    def act(args: dict[str, Any], timeout: float) -> dict[str, Any]:
        calls.append(1)
        go.wait(10)
        return {}

    engine = make({"act": act})
    engine.start("job:1", single())
    wait_until(lambda: bool(calls), "the step")
    assert [engine.adopt_orphans() for _ in range(3)] == [0, 0, 0]
    go.set()
    ended(engine, "job:1")
    assert len(calls) == 1


def test_a_cancelled_run_begins_no_further_step(make: Make) -> None:
    begun: list[str] = []

    def act(args: dict[str, Any], timeout: float) -> dict[str, Any]:
        begun.append(args["name"])
        time.sleep(0.5)
        return {}

    engine = make({"act": act})
    engine.start("job:1", Runbook("two", tuple(Step(name, "act", {"name": name}) for name in "ab")))
    wait_until(lambda: bool(begun), "the first step")
    engine.cancel("job:1")
    assert ended(engine, "job:1").status is RunStatus.CANCELLED
    time.sleep(1)
    assert begun == ["a"]


def test_prune_forgets_ended_runs_only(make: Make) -> None:
    go = threading.Event()
    engine = make({"wait": lambda args, timeout: {"waited": go.wait(20)}, "act": lambda args, timeout: {}})
    engine.start("long:1", single("wait"))
    for number in range(5):
        engine.start(f"short:{number}", single())
    for number in range(5):
        ended(engine, f"short:{number}")
    assert engine.prune(datetime.now(UTC) - timedelta(hours=1)) == 0
    assert engine.prune(datetime.now(UTC) + timedelta(hours=1)) == 5
    assert [run.id for run in engine.list()] == ["long:1"]
    assert engine.status("short:1") is None
    go.set()


def test_a_run_begun_by_an_older_definition_goes_on_with_it(make: Make) -> None:
    """The definition is in the run's input: a new version with other runbooks changes nothing about it."""
    cut, begun = threading.Event(), threading.Event()

    def hangs(args: dict[str, Any], timeout: float) -> dict[str, Any]:
        begun.set()
        cut.wait(20)
        raise Interrupted

    engine = make({"act": hangs})
    engine.start("job:1", Runbook("old", (Step("a", "act", {"from": "the old one"}), Step("b", "act"))))
    assert begun.wait(20)
    engine.drain(0)
    cut.set()
    engine.drain(5)
    engine = make({"act": lambda args, timeout: {"args": args}})
    assert ended(engine, "job:1").result == {"steps": {"a": {"args": {"from": "the old one"}}, "b": {"args": {}}}}
