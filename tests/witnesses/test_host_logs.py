"""The witness of log files, before real files in a real shell: rotated in every way, compressed, and not to be read."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from outlive.clock import SystemClock
from outlive.model.log_file import LogFile
from outlive.model.observation import Observation
from outlive.transport.inside import InsideHere
from outlive.witnesses.host_logs import BUDGET_BYTES, HostLogWitness
from tests.witnesses.hearing import overheard

CLOCK = SystemClock()
SIGN = "curl http://169.254.169.254/latest/"
pytestmark = pytest.mark.slow


class Logs:
    """A folder of logs, the witness, and every line that it heard."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = folder / "odd name.log"
        self.logs = [LogFile(path=str(self.path), service="shop")]
        self.remembered: dict[str, Any] = {}
        self.restart()
        self.heard = overheard(monkeypatch)

    def restart(self) -> None:
        """A new keeper, that knows what the one before had remembered."""
        self.witness = HostLogWitness("web-1", InsideHere(), CLOCK, self.logs, b"k" * 32, remembered=self.remembered)

    def write(self, *lines: str) -> None:
        with self.path.open("a") as file:
            file.writelines(f"{line}\n" for line in lines)

    def look(self, times: int = 1) -> list[Observation]:
        seen = [one for _ in range(times) for one in asyncio.run(self.witness.look())]
        self.remembered = json.loads(json.dumps(self.witness.positions()))
        return seen


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Logs:
    return Logs(tmp_path, monkeypatch)


def rename(path: Path) -> None:
    path.rename(f"{path}.1")
    path.touch()


def compress(path: Path) -> None:
    Path(f"{path}-20261126.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    path.touch()


def copytruncate(path: Path) -> None:
    shutil.copy(path, f"{path}.1")
    os.truncate(path, 0)


@pytest.mark.parametrize("rotate", [rename, compress, copytruncate])
@pytest.mark.parametrize("restarts", [False, True])
def test_every_line_once_whatever_logrotate_does(logs: Logs, rotate: Any, restarts: bool) -> None:
    logs.write("first")
    logs.look()
    logs.write(*[f"before {number}" for number in range(50)])
    rotate(logs.path)
    logs.write(*[f"after {number}" for number in range(80)])
    if restarts:
        logs.restart()
    seen = logs.look(4)
    assert not [one for one in seen if one.error]
    assert logs.heard == [
        b"first",
        *(b"before %d" % number for number in range(50)),
        *(b"after %d" % number for number in range(80)),
    ]


def test_a_line_that_is_still_being_written_is_waited_for(logs: Logs) -> None:
    logs.write("one")
    with logs.path.open("a") as file:
        file.write("tw")
    logs.look()
    logs.write("o")
    logs.look()
    assert logs.heard == [b"one", b"two"]


def test_what_was_told_before_a_restart_is_not_told_again_and_more_of_it_is(logs: Logs) -> None:
    logs.write(SIGN)
    assert [one.value["service"] for one in logs.look() if one.fact == "log.leak"] == ["shop"]
    for _ in range(2):
        logs.restart()
        assert logs.look(2) == []
    logs.write(SIGN)
    assert "log.leak" in {one.fact for one in logs.look()}


def test_no_text_is_remembered(logs: Logs) -> None:
    logs.write("hunter2")
    logs.look()
    (told,) = logs.remembered.values()
    assert "hunter2" not in str(told) and set(told) == {"device", "inode", "offset", "head", "lead", "ragged", "open"}


def test_a_flood_is_told_and_what_was_there_before_is_none(logs: Logs) -> None:
    logs.write(*["x" * 500] * 8000)
    assert [one.fact for one in logs.look()] == ["log.seen"]
    logs.write(*["x" * 500] * 8000)
    assert "log.flood" in {one.fact for one in logs.look()}
    assert sum(map(len, logs.heard)) < 2 * BUDGET_BYTES
    logs.logs[0] = LogFile(path=str(logs.path), service="shop", stream="stdout")
    logs.restart()
    logs.look()
    logs.write(*["x" * 500] * 8000)
    assert "log.flood" not in {one.fact for one in logs.look()}


def test_one_line_longer_than_a_look_stops_nothing(logs: Logs) -> None:
    logs.write("begin")
    logs.look()
    logs.write("x" * (BUDGET_BYTES + 1000), "after")
    logs.look(3)
    assert logs.heard == [b"begin", b"after"]


def test_lines_of_yesterday_are_told_as_of_yesterday(logs: Logs) -> None:
    then = CLOCK.now() - timedelta(days=1)
    logs.write(f"{then:%Y-%m-%dT%H:%M:%S}Z listening")
    (seen,) = logs.look()
    assert seen.fact == "log.seen" and abs(seen.at - then) < timedelta(seconds=2)
    logs.write("without a time")
    (seen,) = logs.look()
    assert CLOCK.now() - seen.at < timedelta(minutes=1)


def test_what_is_not_there_or_cannot_be_read_is_no_data(logs: Logs, monkeypatch: pytest.MonkeyPatch) -> None:
    (one,) = logs.look()
    assert one.error == "not_there" and one.value["service"] == "shop" and str(logs.path) in one.value["why"]
    logs.write("came later")
    assert [one.fact for one in logs.look()] == ["log.seen"] and logs.heard == [b"came later"]
    logs.path.unlink()
    logs.write("another")
    seen = logs.look(3)
    assert "behind" in {one.error for one in seen} and logs.heard[-1] == b"another"


def test_a_pattern_tells_its_files_apart_and_takes_up_new_ones(logs: Logs, tmp_path: Path) -> None:
    logs.logs[0] = LogFile(path=str(tmp_path / "app*.log"), service="app")
    logs.restart()
    (tmp_path / "app-a.log").write_text("a\n")
    logs.look()
    (tmp_path / "app-b.log").write_text("b\n" * 40_000)
    seen = logs.look()
    assert [one.value["service"] for one in seen if one.fact == "log.seen"] == ["app/app-b.log"]
    assert logs.heard == [b"a", *[b"b"] * 40_000], "from its beginning"
    assert len(logs.remembered) == 2


@pytest.mark.parametrize("document", [{}, {"device": "x"}, {"device": 1, "inode": 1, "offset": None}, []])
def test_a_position_that_cannot_be_read_is_none(logs: Logs, document: Any) -> None:
    logs.write("kept")
    logs.witness.remembered = {str(logs.path): document}
    logs.look()
    assert logs.heard == [b"kept"]
