"""The witness of logs, before real files in a real shell: what grows, is rotated, floods and cannot be read."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from outlive.clock import SystemClock
from outlive.commands.docker_look import ContainerState, Seat
from outlive.model.observation import Observation, rfc3339
from outlive.transport.inside import InsideHere
from outlive.witnesses.logs import BUDGET_BYTES, LogWitness
from tests.witnesses.hearing import overheard

CLOCK = SystemClock()
KILLED = "child-process-killed"
ONE_ERROR = (
    "status: null,\nsignal: 'SIGTERM',\npid: 50820,\noutput: [ null, <Buffer>, <Buffer> ],\ndigest: '3159934052'"
)
pytestmark = pytest.mark.slow


def container(path: Path, service: str = "app", **changed: Any) -> ContainerState:
    state = {
        "id": service,
        "started_at": "",
        "running": True,
        "restart_count": 0,
        "exit_code": None,
        "oom_killed": False,
    }
    rest = {"health": "none", "failing_streak": 0, "log_path": str(path), "log_driver": "json-file"}
    return ContainerState(Seat(service, "shop"), **(state | rest | changed))


def signatures(seen: list[Observation]) -> list[str]:
    return [one.value["signature"] for one in seen if one.fact == "log.signature" and one.value["signature"] == KILLED]


class Logs:
    """A folder of logs as Docker keeps them, the witness, and every line that it heard."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = folder / "odd name-json.log"
        self.path.touch()
        self.containers = [container(self.path)]
        self.witness = LogWitness("web-1", InsideHere(), CLOCK, lambda: self.containers, b"k" * 32)
        self.heard = overheard(monkeypatch)

    def write(self, *lines: str, stream: str = "stderr", ago: float = 0, end: bytes = b"\n") -> None:
        at = rfc3339(CLOCK.now() - timedelta(seconds=ago))
        with self.path.open("ab") as file:
            for line in lines:
                file.write(json.dumps({"log": line + "\n", "stream": stream, "time": at}).encode() + end)

    def rotate(self) -> None:
        for number in range(4, 0, -1):
            older = self.path.with_name(f"{self.path.name}.{number}")
            if older.exists():
                older.rename(self.path.with_name(f"{self.path.name}.{number + 1}"))
        self.path.rename(f"{self.path}.1")
        self.path.touch()

    def look(self) -> list[Observation]:
        return asyncio.run(self.witness.look())

    def restart(self) -> None:
        """A new keeper, that knows what the one before had remembered."""
        remembered = json.loads(json.dumps(self.witness.positions()))
        self.witness = LogWitness(
            "web-1", InsideHere(), CLOCK, lambda: self.containers, b"k" * 32, remembered=remembered
        )


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Logs:
    return Logs(tmp_path, monkeypatch)


def test_every_line_once_over_rotations_and_lines_that_are_still_being_written(logs: Logs) -> None:
    wanted: list[bytes] = []
    for turn in range(6):
        lines = [f"{turn}-{number}" for number in range(50)]
        logs.write(*lines)
        wanted += [line.encode() for line in lines]
        if turn % 2:
            logs.rotate()
        if turn == 4:
            logs.write("unfinished", end=b"")
        logs.look()
        if turn == 4:
            with logs.path.open("ab") as file:
                file.write(b"\n")
            wanted.append(b"unfinished")
    logs.look()
    assert logs.heard == wanted


def test_a_new_container_is_read_from_its_beginning_and_a_known_one_goes_on(logs: Logs, tmp_path: Path) -> None:
    logs.write("first")
    logs.look()
    other = tmp_path / "other.log"
    logs.containers.append(container(other, "jobs"))
    mine, logs.path = logs.path, other
    logs.write("second")
    logs.path = mine
    assert {one.value["service"] for one in logs.look()} == {"jobs"}
    assert logs.heard == [b"first", b"second"]


def test_streams_are_told_apart_with_the_time_of_their_newest_line(logs: Logs) -> None:
    logs.write("out", stream="stdout", ago=900)
    logs.write("err", ago=5)
    seen = {one.value["stream"]: one for one in logs.look() if one.fact == "log.seen"}
    assert seen["stderr"].at - seen["stdout"].at > timedelta(minutes=14)
    assert seen["stdout"].value == {"service": "app", "project": "shop", "stream": "stdout"}
    assert logs.look() == []


def test_a_flood_is_told_brings_no_more_than_it_may_and_others_are_heard_beside_it(logs: Logs, tmp_path: Path) -> None:
    quiet = tmp_path / "quiet.log"
    logs.containers.append(container(quiet, "jobs"))
    logs.look()
    logs.write(*["x" * 500] * 8000)
    mine, logs.path = logs.path, quiet
    logs.write("heard")
    logs.path = mine
    seen = logs.look()
    (flood,) = [one.value for one in seen if one.fact == "log.flood"]
    assert flood["service"] == "app" and 1_000_000 < flood["bytes_per_minute"] < 30_000_000
    assert b"heard" in logs.heard
    assert sum(map(len, logs.heard)) < BUDGET_BYTES
    logs.look()
    assert sum(map(len, logs.heard)) < BUDGET_BYTES, "what was skipped is not fetched later"


def test_much_on_standard_output_is_no_flood(logs: Logs) -> None:
    logs.look()
    logs.write(*["x" * 500] * 8000, stream="stdout")
    assert [one.fact for one in logs.look()] == ["log.seen"]


def test_one_line_longer_than_a_look_stops_nothing(logs: Logs) -> None:
    logs.look()
    logs.write("x" * (BUDGET_BYTES + 1000))
    logs.write("after")
    for _ in range(4):
        logs.look()
    assert logs.heard == [b"after"]


def test_logs_that_cannot_be_read_are_no_data(logs: Logs, tmp_path: Path) -> None:
    logs.containers = [container(tmp_path / "x", "journal", log_driver="journald", log_path="")]
    (one,) = logs.look()
    assert one.error == "not_readable" and "journald" in one.value["why"] and one.value["service"] == "journal"
    logs.containers = [container(tmp_path / "not there")]
    assert logs.look() == []


def test_a_sign_of_compromise_brings_the_names_to_rotate_and_nothing_else(logs: Logs, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DATABASE_URL=postgres://hunter2\nPORT=3000\nAUTH_SECRET=hunter2\n")
    logs.containers = [container(logs.path, env_files=(str(tmp_path / ".env"),))]
    logs.write("listening on 3000")
    assert not [one for one in logs.look() if one.fact == "stack.secrets"]
    logs.write("curl -s -X PUT http://169.254.169.254/latest/api/token")
    seen = logs.look()
    (told,) = [one for one in seen if one.fact == "stack.secrets"]
    assert told.value == {"project": "shop", "names": ["DATABASE_URL", "AUTH_SECRET"]}
    assert "hunter2" not in str(seen)
    (tmp_path / ".env").unlink()
    logs.write("curl http://169.254.169.254/latest/")
    (told,) = [one for one in logs.look() if one.fact == "stack.secrets"]
    assert told.error == "not_readable" and told.value["project"] == "shop"


def test_a_restart_reads_nothing_twice_and_loses_nothing(logs: Logs) -> None:
    wanted: list[bytes] = []
    logs.write("before anybody looked")
    logs.look()
    for turn in range(6):
        lines = [f"{turn}-{number} {'x' * 300}" for number in range(100)]
        logs.write(*lines)
        wanted += [line.encode() for line in lines]
        if turn % 2:
            logs.look()
        if turn % 3 == 2:
            logs.rotate()
        logs.restart()
    logs.look()
    assert logs.heard == [b"before anybody looked", *wanted]


def test_what_was_told_before_a_restart_is_not_told_again_and_more_of_it_is(logs: Logs) -> None:
    logs.write("curl http://169.254.169.254/latest/")
    assert "log.leak" in {one.fact for one in logs.look()}
    for _ in range(2):
        logs.restart()
        assert logs.look() == [] and logs.look() == []
    logs.write("curl http://169.254.169.254/latest/")
    assert "log.leak" in {one.fact for one in logs.look()}


def test_what_a_restart_cuts_in_halves_is_seen_once(logs: Logs) -> None:
    halves = ONE_ERROR.partition("pid")
    logs.write("quiet")
    logs.look()
    logs.write(*halves[0].splitlines())
    assert KILLED not in signatures(logs.look())
    logs.restart()
    logs.write(*(halves[1] + halves[2]).splitlines())
    assert [one for _ in range(3) for one in signatures(logs.look())] == [KILLED]


def test_what_was_not_told_yet_is_told_after_the_restart_and_only_once(logs: Logs) -> None:
    logs.write("quiet")
    logs.look()
    logs.write(*ONE_ERROR.splitlines()[:-1])
    assert KILLED not in signatures(logs.look()), "more may belong to it"
    logs.restart()
    assert [one for _ in range(3) for one in signatures(logs.look())] == [KILLED]
    logs.restart()
    assert [one for _ in range(3) for one in signatures(logs.look())] == []


def test_a_container_that_came_while_nobody_looked_is_read_from_its_beginning(logs: Logs, tmp_path: Path) -> None:
    logs.write("mine")
    logs.look()
    other = tmp_path / "other.log"
    mine, logs.path = logs.path, other
    logs.write(*[f"{number} {'x' * 1000}" for number in range(200)])
    logs.path = mine
    logs.restart()
    seen, logs.containers = logs.containers, []
    assert logs.look() == [] and set(logs.witness.positions()) == {str(mine)}, "no container seen: none is gone"
    logs.containers = [*seen, container(other, "jobs")]
    logs.look()
    assert len(logs.heard) == 201 and set(logs.witness.positions()) == {str(mine), str(other)}
    logs.containers = [container(other, "jobs")]
    logs.look()
    assert set(logs.witness.positions()) == {str(other)}


def test_a_log_that_was_emptied_while_nobody_looked_is_read_anew(logs: Logs) -> None:
    logs.write(*["x" * 1000] * 30)
    logs.look()
    logs.heard.clear()
    logs.path.write_bytes(b"")
    logs.write("after")
    logs.restart()
    logs.look()
    assert logs.heard == [b"after"]


@pytest.mark.parametrize("document", [{}, {"inode": "x"}, {"inode": 1, "offset": None, "open": []}, []])
def test_a_position_that_cannot_be_read_is_none(logs: Logs, document: Any) -> None:
    logs.write("kept")
    logs.witness.remembered = {str(logs.path): document}
    logs.look()
    assert logs.heard == [b"kept"]
