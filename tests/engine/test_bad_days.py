"""The engine's database locked, full, restarted, unreachable; and that none of it is noise on stderr."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from outlive.engine.dbos_engine import DbosEngine, EngineUnreachable
from outlive.engine.port import RunStatus
from outlive.lab.ground.process import wait_until
from outlive.model.runbook import Runbook, Step
from tests.engine.databases import postgres_url, sqlite_url
from tests.world.postgres import PostgresServer

pytestmark = pytest.mark.slow
TWO = Runbook("two", (Step("a", "act"), Step("b", "act")))


def status(engine: DbosEngine, run_id: str) -> RunStatus:
    found = engine.status(run_id)
    assert found is not None
    return found.status


def test_a_database_that_another_has_locked_is_waited_for(tmp_path: Path) -> None:
    locked = threading.Event()
    engine = DbosEngine(sqlite_url(tmp_path), {"act": lambda args, timeout: {"locked": locked.wait(5)}})
    engine.launch()
    other = sqlite3.connect(tmp_path / "state.db", isolation_level=None, check_same_thread=False)
    try:
        engine.start("job:1", TWO)
        other.execute("BEGIN EXCLUSIVE")
        locked.set()
        time.sleep(6)
        other.execute("ROLLBACK")
        wait_until(lambda: status(engine, "job:1") is RunStatus.DONE, "the run", 40)
    finally:
        other.close()
        engine.drain(5)
        engine.close()


def test_a_full_disk_costs_time_but_no_run(tiny_disk: Path) -> None:
    """The run may be thrown out of its thread; when there is room again it is adopted, or it has said why it failed."""
    ballast, filled = tiny_disk / "ballast", threading.Event()

    def act(args: dict[str, Any], timeout: float) -> dict[str, Any]:
        if not filled.is_set():
            fill(ballast)
            filled.set()
        return {"text": "x" * 20_000}

    engine = DbosEngine(sqlite_url(tiny_disk), {"act": act})
    engine.launch()
    try:
        engine.start("job:1", TWO)
        assert filled.wait(20)
        time.sleep(3)
        ballast.unlink()
        wait_until(lambda: adopted_and_ended(engine), "the run", 40, every=0.5)
        run = engine.status("job:1")
        assert run is not None
        assert run.status is RunStatus.DONE or "full" in run.error
        engine.start("job:2", TWO)
        wait_until(lambda: status(engine, "job:2") is RunStatus.DONE, "the run after it", 20)
    finally:
        engine.drain(5)
        engine.close()


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


def adopted_and_ended(engine: DbosEngine) -> bool:
    with suppress(EngineUnreachable):
        engine.adopt_orphans()
    return status(engine, "job:1") is not RunStatus.RUNNING


@pytest.mark.postgres
def test_a_server_that_restarts_is_waited_for(new_postgres: Callable[..., PostgresServer]) -> None:
    server = new_postgres(17)
    engine = DbosEngine(postgres_url(server), {"act": lambda args, timeout: {"slept": time.sleep(1)}})
    engine.launch()
    try:
        engine.start("job:1", TWO)
        time.sleep(0.5)
        server.stop("immediate")
        time.sleep(2)
        server.start()
        wait_until(lambda: tolerant_status(engine) is RunStatus.DONE, "the run", 60, every=0.5)
    finally:
        engine.drain(5)
        engine.close()


def tolerant_status(engine: DbosEngine) -> RunStatus | None:
    try:
        return status(engine, "job:1")
    except EngineUnreachable:
        return None


@pytest.mark.parametrize("url", ["sqlite:////proc/no/such/state.db", "postgresql+psycopg://x:hush@127.0.0.1:1/x"])
def test_a_database_that_cannot_be_had_is_told_in_our_words(url: str) -> None:
    with pytest.raises(EngineUnreachable) as told:
        engine = DbosEngine(url, {})
        try:
            engine.launch()
        finally:
            engine.close()
    assert "hush" not in str(told.value)


NOISY = """
import sys, time
from outlive.engine.dbos_engine import DbosEngine
from outlive.engine.port import Interrupted, RunStatus
from outlive.model.runbook import Runbook, Step

def fails(args, timeout):
    raise ValueError("hush hush")

def interrupted(args, timeout):
    raise Interrupted

engine = DbosEngine(sys.argv[1], {"fails": fails, "interrupted": interrupted})
engine.launch()
for act in ("fails", "interrupted", "unknown"):
    engine.start(act, Runbook(act, (Step("only", act),)))
time.sleep(2)
engine.drain(3)
engine.close()
"""


def test_it_says_nothing_by_itself(tmp_path: Path) -> None:
    for _ in range(2):  # the second time it recovers
        words = [sys.executable, "-c", NOISY, sqlite_url(tmp_path)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
        assert (done.stdout, done.stderr) == ("", "")
