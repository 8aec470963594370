"""Killed at any point, a run goes on where it was: what was done and recorded is not done again, what was cut off looks."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.engine.databases import postgres_url, sqlite_url
from tests.engine.driver import STEPS
from tests.world.postgres import PostgresServer

pytestmark = pytest.mark.slow
POINTS = [f"{step}:{point}" for step in STEPS for point in ("look", "begin", "effect")]


def drive(url: str, folder: Path, kill_at: str = "", run_id: str = "run-1") -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "tests.engine.driver", url, str(folder), run_id, kill_at]
    return subprocess.run(words, capture_output=True, text=True, timeout=90, check=False)


def killed_then_whole(url: str, folder: Path, kill_at: str) -> dict[str, Any]:
    killed = drive(url, folder, kill_at)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    whole = drive(url, folder)
    assert whole.returncode == 0, whole.stderr
    assert whole.stderr == "", "the engine says nothing by itself"
    answer: dict[str, Any] = json.loads(whole.stdout)
    return answer


def check(folder: Path, kill_at: str, answer: dict[str, Any]) -> None:
    step, point = kill_at.split(":")
    assert answer["status"] == "done"
    assert answer["runs"] == 1, "asked for again under the same id, it is the same run"
    begun = (folder / "begun").read_text().split()
    assert begun == [name for name in STEPS for _ in range(2 if name == step else 1)]
    for name in STEPS:
        assert (folder / name).read_text().count("effect") == 1, f"{name} took effect once"
    looked = {"already": step} if point == "effect" else {"did": step}
    assert answer["result"]["steps"] == {name: looked if name == step else {"did": name} for name in STEPS}


@pytest.mark.parametrize("kill_at", POINTS)
def test_killed_on_sqlite(kill_at: str, tmp_path: Path) -> None:
    check(tmp_path, kill_at, killed_then_whole(sqlite_url(tmp_path), tmp_path, kill_at))


@pytest.mark.postgres
@pytest.mark.parametrize("kill_at", ["one:effect", "two:begin"])
def test_killed_on_postgres(kill_at: str, tmp_path: Path, postgres: PostgresServer) -> None:
    check(tmp_path, kill_at, killed_then_whole(postgres_url(postgres), tmp_path, kill_at))


def test_killed_again_and_again(tmp_path: Path) -> None:
    for kill_at in ("one:begin", "two:look", "two:effect", "three:begin"):
        assert drive(sqlite_url(tmp_path), tmp_path, kill_at).returncode == -signal.SIGKILL
    answer = json.loads(drive(sqlite_url(tmp_path), tmp_path).stdout)
    assert answer["status"] == "done"
    begun = (tmp_path / "begun").read_text().split()
    assert begun == ["one", "one", "two", "two", "two", "three", "three"]
